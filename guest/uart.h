/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GUEST_UART_H
#define GUEST_UART_H

#include <stdbool.h>
#include <stdint.h>

/* How one kind of UART is driven; `base` is that of its registers. */
struct uart {
    const char *compatible; /* in the device tree */
    /* Ready to send and receive, without an interrupt. */
    void (*init)(uint64_t base);
    bool (*put)(uint64_t base, char c); /* false: the FIFO is full */
    int (*get)(uint64_t base);          /* the next character received, or -1 */
    /* Whether input raises the interrupt. */
    void (*interrupt)(uint64_t base, bool on);
};

extern const struct uart uart_pl011;
extern const struct uart uart_cadence;

#endif
