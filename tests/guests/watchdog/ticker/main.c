/* SPDX-License-Identifier: Apache-2.0 */

/* Ticks beside a VM that hangs again and again. */

#include <bulkhead/channel.h>
#include <bulkhead/timer.h>
#include <bulkhead/watchdog.h>
#include <stdatomic.h>

#include "../../check.h"

#define PERIOD_NS UINT64_C(10000000)
#define TICKS 150u
#define RUNS 6u

struct checks checks;

int main(void)
{
    const _Atomic uint32_t *runs = channel_open("runs")->window;
    uint64_t due = timer_now_ns();

    check("it has no watchdog", !watchdog_present());
    for (unsigned tick = 0; tick < TICKS || *runs < RUNS; tick++) {
        due += PERIOD_NS;
        const uint64_t now = timer_now_ns();
        if (now < due) {
            timer_sleep(due - now);
        }
    }
    printf("the hanger's runs: %u\n", (unsigned)*runs);
    check("all ticks came", timer_now_ns() >= due);
    return check_end();
}
