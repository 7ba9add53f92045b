/* SPDX-License-Identifier: Apache-2.0 */
#include <stdint.h>

#include "platform/uart.h"
#include <tables.h>

/* UART of i.MX processors (i.MX 8M Mini reference manual IMX8MMRM, chapter "Universal Asynchronous
 * Receiver/Transmitter", memory map and register definition). */
#define UART_URXD 0x00u
#define UART_UTXD 0x40u
#define UART_UCR1 0x80u
#define UART_UCR2 0x84u
#define UART_UCR3 0x88u
#define UART_UCR4 0x8cu
#define UART_UFCR 0x90u
#define UART_USR2 0x98u
#define UART_UTS 0xb4u

#define URXD_CHARRDY (1u << 15)
#define UCR1_UARTEN (1u << 0)
#define UCR1_RRDYEN (1u << 9)
#define UCR1_TRDYEN (1u << 13)
#define UCR2_SRST (1u << 0) /* no reset */
#define UCR2_RXEN (1u << 1)
#define UCR2_TXEN (1u << 2)
#define UCR2_WS (1u << 5)    /* 8 bits */
#define UCR2_IRTS (1u << 14) /* sends whatever the other side's RTS says */
/* DTRDEN, AWAKEN, AIRINTEN, RXDSEN, FRAERREN, PARERREN, DTREN */
#define UCR3_INTERRUPTS 0x3878u
/* DREN, OREN, BKEN, TCEN, IDDMAEN, WKEN */
#define UCR4_INTERRUPTS 0xcfu
#define UFCR_KEPT 0x3c0u       /* DCEDTE and RFDIV, which divides the clock */
#define UFCR_TXTL_2 (2u << 10) /* transmit interrupt: fewer than 2 characters left */
#define UFCR_RXTL_1 1u         /* receive interrupt: for each character */
#define USR2_TXDC (1u << 3)    /* sent: FIFO and shift register are empty */
#define UTS_TXFULL (1u << 4)
#define FIFO_SIZE 32u

static volatile uint32_t *reg(uint32_t offset)
{
    return (volatile uint32_t *)(uintptr_t)(PLAT_UART_BASE + offset);
}

/* The baud rate stays as firmware left it, which a software reset (SRST) would forget. */
void plat_uart_init(void)
{
    plat_uart_wait_idle();
    *reg(UART_UCR1) = UCR1_UARTEN; /* neither interrupts nor DMA */
    *reg(UART_UCR2) = UCR2_SRST | UCR2_RXEN | UCR2_TXEN | UCR2_WS | UCR2_IRTS;
    *reg(UART_UCR3) &= ~UCR3_INTERRUPTS;
    *reg(UART_UCR4) &= ~UCR4_INTERRUPTS;
    *reg(UART_UFCR) = (*reg(UART_UFCR) & UFCR_KEPT) | UFCR_TXTL_2 | UFCR_RXTL_1;
    for (uint32_t n = 0; n < FIFO_SIZE && plat_uart_get() >= 0; n++) {
    }
}

bool plat_uart_put(char c)
{
    if ((*reg(UART_UTS) & UTS_TXFULL) != 0) {
        return false;
    }
    *reg(UART_UTXD) = (uint8_t)c;
    return true;
}

int plat_uart_get(void)
{
    uint32_t received = *reg(UART_URXD);

    return (received & URXD_CHARRDY) != 0 ? (int)(received & 0xff) : -1;
}

/* Both are levels that FIFOs raise and lower: masking loses nothing. */
void plat_uart_interrupts(bool tx)
{
    *reg(UART_UCR1) = UCR1_UARTEN | UCR1_RRDYEN | (tx ? UCR1_TRDYEN : 0);
}

bool plat_uart_idle(void)
{
    return (*reg(UART_USR2) & USR2_TXDC) != 0;
}

void plat_uart_release(void)
{
    *reg(UART_UCR1) = UCR1_UARTEN;
}
