/* SPDX-License-Identifier: Apache-2.0 */
#include "bulkhead/mmio.h"
#include "uart.h"

/* Cadence UART of Zynq devices: Xilinx UG1087, module UART. */
#define UART_CR 0x00
#define CR_ENABLE 0x14u /* RXEN, TXEN */
#define UART_IER 0x08
#define UART_IDR 0x0c
#define UART_ISR 0x14
#define UART_RTRIG 0x20
#define UART_SR 0x2c
#define SR_RX_EMPTY (1u << 1)
#define SR_TX_FULL (1u << 4)
#define UART_FIFO 0x30
#define INT_RX_TRIGGER (1u << 0)
#define INT_ALL 0x3fffu

static void cadence_init(uint64_t base)
{
    mmio_write32(base + UART_IDR, INT_ALL);
    mmio_write32(base + UART_RTRIG, 1); /* an event for each character */
    mmio_write32(base + UART_CR, CR_ENABLE);
}

static bool cadence_put(uint64_t base, char c)
{
    if ((mmio_read32(base + UART_SR) & SR_TX_FULL) != 0) {
        return false;
    }
    mmio_write32(base + UART_FIFO, (uint8_t)c);
    return true;
}

/* The event of input is forgotten before the FIFO is found empty, so that none is lost. */
static int cadence_get(uint64_t base)
{
    if ((mmio_read32(base + UART_SR) & SR_RX_EMPTY) != 0) {
        mmio_write32(base + UART_ISR, INT_RX_TRIGGER);
        if ((mmio_read32(base + UART_SR) & SR_RX_EMPTY) != 0) {
            return -1;
        }
    }
    return (int)(mmio_read32(base + UART_FIFO) & 0xffu);
}

static void cadence_interrupt(uint64_t base, bool on)
{
    mmio_write32(base + (on ? UART_IER : UART_IDR), INT_RX_TRIGGER);
}

const struct uart uart_cadence = {
    .compatible = "cdns,uart-r1p12",
    .init = cadence_init,
    .put = cadence_put,
    .get = cadence_get,
    .interrupt = cadence_interrupt,
};
