/* SPDX-License-Identifier: Apache-2.0 */
/* The driver on a true model of its device: says what it sees, then echoes lines until one is
 * "off".
 */
#include <stdint.h>

#include "platform/uart.h"
#include <tables.h>

void start_c(void);

static void say(const char *text)
{
    for (; *text != '\0'; text++) {
        while (!plat_uart_put(*text)) {
        }
    }
}

/* Is the UART's interrupt high at the distributor? */
static bool raised(void)
{
    volatile uint32_t *pending = (volatile uint32_t *)GICD_ISPENDR + UART_INTID / 32u;

    return (*pending >> UART_INTID % 32u & 1u) != 0;
}

static void tell(const char *what, bool now)
{
    say(what);
    say(now ? ": yes\n" : ": no\n");
}

void start_c(void)
{
    plat_uart_init();
    tell("idle", plat_uart_idle());
    tell("input", plat_uart_get() >= 0);
    tell("interrupt after init", raised());
    plat_uart_interrupts(true);
    bool high = raised();

    plat_uart_interrupts(false);
    tell("interrupt with room to send", high);
    tell("interrupt for input alone", raised());
    say("type\n");
    while (!raised()) {
    }
    int typed = plat_uart_get();

    tell("typed x", typed == 'x');
    tell("interrupt when it is read", raised());
    while (!raised()) {
    }
    plat_uart_release();
    tell("interrupt when released", raised());
    tell("typed y", plat_uart_get() == 'y');
    say("done\n");
    for (;;) {
    }
}
