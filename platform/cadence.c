/* SPDX-License-Identifier: Apache-2.0 */
#include <stdint.h>

#include "platform/relax.h"
#include "platform/uart.h"
#include <tables.h>

/* Cadence UART of Zynq devices (Xilinx UG1085, chapter 21; registers: UG1087, module UART). */
#define UART_CR 0x00u
#define UART_IER 0x08u
#define UART_IDR 0x0cu
#define UART_ISR 0x14u /* events, kept until a one is written */
#define UART_RTOR 0x1cu
#define UART_RTRIG 0x20u
#define UART_SR 0x2cu
#define UART_FIFO 0x30u

#define CR_RXRST (1u << 0)
#define CR_TXRST (1u << 1)
#define CR_RX_EN (1u << 2)
#define CR_TX_EN (1u << 4)
#define SR_RX_EMPTY (1u << 1)
#define SR_TX_EMPTY (1u << 3)
#define SR_TX_FULL (1u << 4)
#define SR_TX_ACTIVE (1u << 11)
#define INT_RX_TRIGGER (1u << 0)
#define INT_TX_EMPTY (1u << 3)
#define INT_ALL 0x1fffu

static volatile uint32_t *reg(uint32_t offset)
{
    return (volatile uint32_t *)(uintptr_t)(PLAT_UART_BASE + offset);
}

/* Mode and baud rate stay as firmware left them. */
void plat_uart_init(void)
{
    plat_uart_wait_idle();
    *reg(UART_IDR) = INT_ALL;
    *reg(UART_CR) = CR_RX_EN | CR_TX_EN | CR_RXRST | CR_TXRST;
    while ((*reg(UART_CR) & (CR_RXRST | CR_TXRST)) != 0) {
        plat_relax();
    }
    *reg(UART_RTOR) = 0;
    *reg(UART_RTRIG) = 1; /* an interrupt for each character */
    *reg(UART_ISR) = INT_ALL;
}

/* The event of the FIFO running empty is forgotten before each character: so it stands from the
 * moment in which the last one went until the next comes, and masking it loses nothing. */
bool plat_uart_put(char c)
{
    if ((*reg(UART_SR) & SR_TX_FULL) != 0) {
        return false;
    }
    *reg(UART_ISR) = INT_TX_EMPTY;
    *reg(UART_FIFO) = (uint8_t)c;
    return true;
}

/* The event of input is forgotten before the FIFO is found empty, so that none is lost. */
int plat_uart_get(void)
{
    if ((*reg(UART_SR) & SR_RX_EMPTY) != 0) {
        *reg(UART_ISR) = INT_RX_TRIGGER;
        if ((*reg(UART_SR) & SR_RX_EMPTY) != 0) {
            return -1;
        }
    }
    return (int)(*reg(UART_FIFO) & 0xff);
}

void plat_uart_interrupts(bool tx)
{
    *reg(UART_IER) = INT_RX_TRIGGER | (tx ? INT_TX_EMPTY : 0);
    if (!tx) {
        *reg(UART_IDR) = INT_TX_EMPTY;
    }
}

bool plat_uart_idle(void)
{
    return (*reg(UART_SR) & (SR_TX_EMPTY | SR_TX_ACTIVE)) == SR_TX_EMPTY;
}

void plat_uart_release(void)
{
    *reg(UART_IDR) = INT_ALL;
    *reg(UART_ISR) = INT_ALL;
}
