/* SPDX-License-Identifier: Apache-2.0 */

/* The whole program of its VM: replace it by yours. docs/guest-runtime.md lists what there is. */

#include <bulkhead/timer.h>
#include <stdio.h>

#define BEATS 5
#define PERIOD_NS UINT64_C(100000000)

int main(void)
{
    puts("ready");
    for (int beat = 1; beat <= BEATS; beat++) {
        timer_sleep(PERIOD_NS);
        printf("heartbeat %d\n", beat);
    }
    return 0; /* powers this VM off; the board goes off when all VMs are */
}
