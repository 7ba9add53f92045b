/* SPDX-License-Identifier: Apache-2.0 */
#include "bulkhead/console.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>

#include "bulkhead/cpu.h"
#include "bulkhead/irq.h"
#include "console.h"
#include "machine.h"
#include "uart.h"

static atomic_flag busy = ATOMIC_FLAG_INIT; /* the CPUs of this VM meet here */

/* The line stays high until the FIFO is read, which is not this handler's business. */
static void rx_interrupt(uint32_t intid, void *arg)
{
    (void)intid;
    (void)arg;
    machine.uart->interrupt(machine.uart_base, false);
}

void console_init(void)
{
    if (machine.uart_base == 0) {
        return;
    }
    machine.uart->init(machine.uart_base);
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
        while (!machine.uart->put(machine.uart_base, text[i])) {
            cpu_relax();
        }
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
    return machine.uart_base != 0 ? machine.uart->get(machine.uart_base) : -1;
}

static bool typed(void *arg)
{
    int *c = arg;

    *c = console_getc();
    if (*c < 0 && machine.uart_base != 0) {
        machine.uart->interrupt(machine.uart_base, true);
    }
    return *c >= 0;
}

int console_wait(void)
{
    int c;

    cpu_wait_until(typed, &c);
    return c;
}
