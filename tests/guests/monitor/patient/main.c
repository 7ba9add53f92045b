/* SPDX-License-Identifier: Apache-2.0 */

/* Crashes in its first run; later ones go on for ever. */

#include <bulkhead/channel.h>
#include <bulkhead/timer.h>
#include <bulkhead/vm.h>
#include <stdatomic.h>
#include <stdio.h>

int main(void)
{
    _Atomic uint32_t *runs = channel_open("runs")->window;
    const unsigned run = *runs + 1u;

    printf("run %u\n", run);
    fflush(stdout);
    timer_sleep(50000000);
    *runs = run;
    if (run == 1) {
        vm_crash();
    }
    for (;;) {
        timer_sleep(1000000000);
    }
}
