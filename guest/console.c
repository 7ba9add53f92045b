/* SPDX-License-Identifier: Apache-2.0 */
#include "bulkhead/console.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>

#include "bulkhead/cpu.h"
#include "bulkhead/irq.h"
#include "bulkhead/mmio.h"
#include "console.h"
#include "machine.h"

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

static atomic_flag busy = ATOMIC_FLAG_INIT; /* the CPUs of this VM meet here */

/* The line stays high until the FIFO is read, which is not this handler's business. */
static void rx_interrupt(uint32_t intid, void *arg)
{
    (void)intid;
    (void)arg;
    mmio_write32(machine.uart_base + UARTIMSC, 0);
}

void console_init(void)
{
    if (machine.uart_base == 0) {
        return;
    }
    mmio_write32(machine.uart_base + UARTIMSC, 0);
    mmio_write32(machine.uart_base + UARTLCR_H, UARTLCR_H_FEN_8N1);
    mmio_write32(machine.uart_base + UARTCR, UARTCR_ENABLE);
    irq_handler(machine.uart_intid, rx_interrupt, NULL);
    irq_enable(machine.uart_intid);
}

void console_write(const char *text, size_t size)
{
    if (machine.uart_base == 0) {
        return;
    }
    const uint64_t state = irq_mask();
    while (atomic_flag_test_and_set_explicit(&busy, memory_order_acquire)) {
        cpu_relax();
    }
    for (size_t i = 0; i < size; i++) {
        while (mmio_read32(machine.uart_base + UARTFR) & UARTFR_TXFF) {
            cpu_relax();
        }
        mmio_write32(machine.uart_base + UARTDR, (uint8_t)text[i]);
    }
    atomic_flag_clear_explicit(&busy, memory_order_release);
    irq_restore(state);
}

void console_puts(const char *text)
{
    console_write(text, strlen(text));
}

int console_getc(void)
{
    if (machine.uart_base == 0 || (mmio_read32(machine.uart_base + UARTFR) & UARTFR_RXFE)) {
        return -1;
    }
    return (int)(mmio_read32(machine.uart_base + UARTDR) & 0xffu);
}

static bool typed(void *arg)
{
    int *c = arg;

    *c = console_getc();
    if (*c < 0 && machine.uart_base != 0) {
        mmio_write32(machine.uart_base + UARTIMSC, UART_RX_INTERRUPTS);
    }
    return *c >= 0;
}

int console_wait(void)
{
    int c;

    cpu_wait_until(typed, &c);
    return c;
}
