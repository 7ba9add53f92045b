/* SPDX-License-Identifier: Apache-2.0 */

/* Counts, with interrupts masked: it can be stopped all the same. */

#include <bulkhead/channel.h>
#include <bulkhead/irq.h>
#include <bulkhead/timer.h>
#include <stdatomic.h>

int main(void)
{
    _Atomic uint32_t *work = channel_open("work")->window;

    work[1] = work[0] + 1; /* in each run 1, if nothing of an earlier one is left */
    (void)irq_mask();
    for (;;) {
        const uint64_t start = timer_now_ns();
        while (timer_now_ns() - start < 1000000) {
        }
        ++*work;
    }
}
