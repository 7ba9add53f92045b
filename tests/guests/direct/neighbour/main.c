/* SPDX-License-Identifier: Apache-2.0 */

/* A VM with emulated interrupts beside one that takes its own: nothing may change for it. */

#include <bulkhead/timer.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "../../gic.h"

#define TICKS 200u
#define PERIOD_NS UINT64_C(20000000)
#define LATE_NS UINT64_C(1000000000)
#define SPI 50u

int main(void)
{
    unsigned late = 0;
    bool same = true;

    gic_bit_write(ISENABLER, SPI);
    gic_priority(SPI, 0x50);
    for (unsigned tick = 0; tick < TICKS; tick++) {
        const uint64_t start = timer_now_ns();

        timer_sleep(PERIOD_NS);
        late += timer_now_ns() - start > PERIOD_NS + LATE_NS;
        same = same && gic_bit(ISENABLER, SPI) && !gic_bit(ISPENDR, SPI) &&
               (mmio_read32(GICD + IPRIORITYR + SPI - SPI % 4) >> SPI % 4 * 8 & 0xff) == 0x50 &&
               (mmio_read32(GICD + GICD_CTLR) & 3) == (gic_is_v3() ? 2u : 1u);
    }
    printf("%u ticks, %s late, interrupts %s\n", TICKS, late == 0 ? "none" : "some",
           same ? "as they were" : "changed");
    return 0;
}
