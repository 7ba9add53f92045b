/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_BOOT_ZYNQMP_MOCK_H
#define TESTS_BOOT_ZYNQMP_MOCK_H

#include <stdint.h>

/*
 * A Zynq UltraScale+ firmware for tests: it answers EEMI (UG1200) as far as Linux' drivers of
 * clocks, resets, pins and power domains ask, for a small chip of its own: an I/O PLL, UART1's
 * clock and the bus clock of the low-power domain, whose states it keeps, and one pin function.  It
 * checks nothing: whatever reaches it happens.
 */
#define MOCK_IDS 256u

struct mock_state {
    uint32_t calls;               /* all of them */
    uint32_t last;                /* the function of the last one */
    uint8_t clock_on[MOCK_IDS];   /* switched on, and not off since */
    uint8_t stopped[MOCK_IDS];    /* not on from the start; UART1's never is */
    uint8_t clock_ons[MOCK_IDS];  /* ever switched on */
    uint8_t clock_offs[MOCK_IDS]; /* ever switched off */
    uint32_t divider[MOCK_IDS];
    uint8_t requested[MOCK_IDS]; /* power nodes */
    uint8_t pins[MOCK_IDS];      /* functions set */
    uint32_t resets;             /* asserted, released or pulsed */
};

extern struct mock_state mock;

/* A call by SMC: x0 to x3 in and out. */
void mock_call(uint64_t registers[4]);

#endif
