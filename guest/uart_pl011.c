/* SPDX-License-Identifier: Apache-2.0 */
#include "bulkhead/mmio.h"
#include "uart.h"

/* PL011 registers, ARM DDI 0183 3.2. */
#define UARTDR 0x00
#define UARTFR 0x18
#define UARTFR_RXFE (1u << 4)
#define UARTFR_TXFF (1u << 5)
#define UARTLCR_H 0x2c
#define UARTLCR_H_FEN_8N1 0x70u
#define UARTCR 0x30
#define UARTCR_ENABLE 0x301u /* UARTEN, TXE, RXE */
#define UARTIMSC 0x38
#define UART_RX_INTERRUPTS 0x50u /* RXIM, RTIM */

static void pl011_init(uint64_t base)
{
    mmio_write32(base + UARTIMSC, 0);
    mmio_write32(base + UARTLCR_H, UARTLCR_H_FEN_8N1);
    mmio_write32(base + UARTCR, UARTCR_ENABLE);
}

static bool pl011_put(uint64_t base, char c)
{
    if ((mmio_read32(base + UARTFR) & UARTFR_TXFF) != 0) {
        return false;
    }
    mmio_write32(base + UARTDR, (uint8_t)c);
    return true;
}

static int pl011_get(uint64_t base)
{
    if ((mmio_read32(base + UARTFR) & UARTFR_RXFE) != 0) {
        return -1;
    }
    return (int)(mmio_read32(base + UARTDR) & 0xffu);
}

/* The line stays high until the FIFO is read. */
static void pl011_interrupt(uint64_t base, bool on)
{
    mmio_write32(base + UARTIMSC, on ? UART_RX_INTERRUPTS : 0);
}

const struct uart uart_pl011 = {
    .compatible = "arm,pl011",
    .init = pl011_init,
    .put = pl011_put,
    .get = pl011_get,
    .interrupt = pl011_interrupt,
};
