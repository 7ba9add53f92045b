/* SPDX-License-Identifier: Apache-2.0 */

/* Does a bit of timer work: ten ticks, re-armed from the handler. */

#include <bulkhead/cpu.h>
#include <bulkhead/timer.h>
#include <bulkhead/vm.h>
#include <stdio.h>

#define TICKS 10
#define PERIOD_NS UINT64_C(10000000)

static volatile unsigned ticks;

static void tick(void *arg)
{
    ticks++;
    if (ticks < TICKS) {
        timer_after(PERIOD_NS, tick, arg);
    }
}

static bool all_ticks(void *arg)
{
    (void)arg;
    return ticks == TICKS;
}

int main(void)
{
    const uint64_t start = timer_now_ns();

    printf("worker %s on the VM's cpu %u of %u\n", vm_bootargs(), cpu_index(), cpu_count());
    timer_after(PERIOD_NS, tick, NULL);
    cpu_wait_until(all_ticks, NULL);
    printf("%u ticks in %.1f ms\n", ticks, (double)(timer_now_ns() - start) / 1e6);
    return 0;
}
