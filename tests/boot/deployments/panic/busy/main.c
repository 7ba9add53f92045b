/* SPDX-License-Identifier: Apache-2.0 */

/* Spins with its interrupts masked, and asks nobody for anything; a second CPU sleeps. */

#include <bulkhead/channel.h>
#include <bulkhead/cpu.h>
#include <bulkhead/irq.h>
#include <stdatomic.h>

static void sleep_on(void *arg)
{
    (void)arg;
    for (;;) {
        cpu_wait();
    }
}

int main(void)
{
    _Atomic uint32_t *begun = channel_open("begun")->window;

    if (cpu_count() > 1) {
        cpu_start(1, sleep_on, NULL);
    }
    (void)irq_mask();
    (*begun)++;
    for (;;) {
        cpu_relax();
    }
}
