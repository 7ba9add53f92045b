/* SPDX-License-Identifier: Apache-2.0 */
#include <stdint.h>

#include "platform/uart.h"
#include <tables.h>

/* Arm PrimeCell UART (PL011), DDI 0183G, 3.2: register offsets and bits. */
#define UART_DR 0x000u
#define UART_FR 0x018u
#define UART_LCR_H 0x02cu
#define UART_CR 0x030u
#define UART_IFLS 0x034u
#define UART_IMSC 0x038u
#define UART_ICR 0x044u

#define FR_BUSY (1u << 3)
#define FR_RXFE (1u << 4)
#define FR_TXFF (1u << 5)
#define LCR_H_FEN (1u << 4)
#define LCR_H_WLEN_8 (3u << 5)
#define CR_UARTEN (1u << 0)
#define CR_TXE (1u << 8)
#define CR_RXE (1u << 9)
#define INT_RX (1u << 4)
#define INT_TX (1u << 5)
#define INT_RT (1u << 6)
#define INT_ALL 0x7ffu
#define IFLS_EIGHTH 0u /* both FIFOs: interrupt at one eighth full */

static volatile uint32_t *reg(uint32_t offset)
{
    return (volatile uint32_t *)(uintptr_t)(PLAT_UART_BASE + offset);
}

/* 3.3.8: disable, let the transmission end, flush the FIFOs by FEN = 0, program, enable.  The baud
 * rate stays: the write to LCR_H latches IBRD and FBRD as firmware left them. */
void plat_uart_init(void)
{
    plat_uart_wait_idle();
    *reg(UART_CR) = 0;
    *reg(UART_LCR_H) = 0;
    *reg(UART_LCR_H) = LCR_H_WLEN_8 | LCR_H_FEN;
    *reg(UART_IFLS) = IFLS_EIGHTH;
    *reg(UART_IMSC) = 0;
    *reg(UART_ICR) = INT_ALL;
    *reg(UART_CR) = CR_UARTEN | CR_TXE | CR_RXE;
}

bool plat_uart_put(char c)
{
    if ((*reg(UART_FR) & FR_TXFF) != 0) {
        return false;
    }
    *reg(UART_DR) = (uint8_t)c;
    return true;
}

int plat_uart_get(void)
{
    if ((*reg(UART_FR) & FR_RXFE) != 0) {
        return -1;
    }
    return (int)(*reg(UART_DR) & 0xff);
}

/* The transmit interrupt is never cleared by ICR: it stays raised from the moment in which the FIFO
 * falls to its mark until it is filled above it (2.8.2), so that masking alone turns it off and on
 * without losing it. */
void plat_uart_interrupts(bool tx)
{
    *reg(UART_IMSC) = INT_RX | INT_RT | (tx ? INT_TX : 0);
}

bool plat_uart_idle(void)
{
    return (*reg(UART_FR) & FR_BUSY) == 0;
}

void plat_uart_release(void)
{
    *reg(UART_IMSC) = 0;
    *reg(UART_ICR) = INT_ALL;
}
