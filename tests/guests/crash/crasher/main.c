/* SPDX-License-Identifier: Apache-2.0 */

/* Crashes at every start, each time in another way. */

#include <bulkhead/channel.h>
#include <bulkhead/timer.h>
#include <bulkhead/vm.h>
#include <stdatomic.h>
#include <stdio.h>

static const char constant[] = "constant";

__attribute__((noinline, optnone)) static unsigned recurse(unsigned depth)
{
    volatile char room[1024];

    room[0] = (char)depth;
    return depth == ~0u ? 0 : recurse(depth + 1) + (unsigned)room[0];
}

int main(void)
{
    const struct channel *channel = channel_open("starts");
    _Atomic uint32_t *starts = channel->window;
    const unsigned start = (unsigned)++*starts;

    printf("start %u\n", start);
    fflush(stdout);
    timer_sleep(100000000);
    switch (start) {
    case 1:
        printf("no vectors, no memory\n");
        vm_crash();
    case 2:
        printf("write to a constant\n");
        *(volatile char *)(uintptr_t)constant = 'x';
        break;
    default:
        printf("endless recursion\n");
        (void)recurse(0);
        break;
    }
    printf("FAIL: still here\n");
    return 1;
}
