/* SPDX-License-Identifier: Apache-2.0 */

/* Shows that it keeps its own pace whatever the VM next to it does. */

#include <bulkhead/timer.h>
#include <stdint.h>
#include <stdio.h>

#define BEATS 20
#define SECOND UINT64_C(1000000000)

int main(void)
{
    const uint64_t start = timer_now_ns();
    uint64_t latest = 0;

    for (unsigned beat = 1; beat <= BEATS; beat++) {
        const uint64_t due = start + beat * SECOND;
        const uint64_t now = timer_now_ns();
        if (now < due) {
            timer_sleep(due - now);
        }
        const uint64_t late = timer_now_ns() - due;
        latest = late > latest ? late : latest;
        printf("heartbeat %u, %.3f ms late\n", beat, (double)late / 1e6);
    }
    printf("%u heartbeats, the latest by %.3f ms\n", BEATS, (double)latest / 1e6);
    return 0;
}
