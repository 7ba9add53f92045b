/* SPDX-License-Identifier: Apache-2.0 */

/* Ticks while its neighbour crashes, and counts the neighbour's starts. */

#include <bulkhead/channel.h>
#include <bulkhead/timer.h>
#include <stdatomic.h>

#include "../../check.h"

#define PERIOD_NS UINT64_C(20000000)
#define TICKS 100

struct checks checks;

int main(void)
{
    const struct channel *channel = channel_open("starts");
    const _Atomic uint32_t *starts = channel->window;
    uint64_t due = timer_now_ns();
    uint64_t latest = 0;

    for (unsigned tick = 1; tick <= TICKS; tick++) {
        due += PERIOD_NS;
        const uint64_t now = timer_now_ns();
        if (now < due) {
            timer_sleep(due - now);
        }
        const uint64_t late = timer_now_ns() - due;
        latest = late > latest ? late : latest;
        if (tick % 20 == 0) {
            printf("tick %u, neighbour's start %u\n", tick, (unsigned)*starts);
        }
    }
    printf("latest tick by %.3f ms\n", (double)latest / 1e6);
    check("all ticks came", true);
    check_equal("the neighbour started, was restarted twice and then stopped", *starts, 3);
    return check_end();
}
