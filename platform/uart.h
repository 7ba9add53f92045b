/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PLATFORM_UART_H
#define PLATFORM_UART_H

#include <stdbool.h>
#include <stdint.h>

#include "platform/relax.h"

/* The board's UART: implemented by one file a device (pl011.c), chosen by Kconfig. */
void plat_uart_init(void);          /* boot CPU, once; firmware has set the baud rate */
bool plat_uart_put(char c);         /* false: the FIFO is full */
int plat_uart_get(void);            /* next character or -1 */
void plat_uart_interrupts(bool tx); /* receive interrupts on; transmit interrupts as `tx` says */
bool plat_uart_idle(void);          /* has the last character left the wire? */
void plat_uart_release(void);       /* no interrupts any more: the UART goes to a guest */

/* Longer than a full FIFO takes at 9600 baud; a UART that firmware left disabled is never idle. */
#define PLAT_UART_IDLE_SPINS (1u << 24)

/* For the devices' plat_uart_init(): what firmware wrote last is not cut off. */
static inline void plat_uart_wait_idle(void)
{
    for (uint32_t spins = 0; spins < PLAT_UART_IDLE_SPINS && !plat_uart_idle(); spins++) {
        plat_relax();
    }
}

#endif
