/* SPDX-License-Identifier: Apache-2.0 */

/* Looks at the clock for longer than the other VM lives. */

#include <bulkhead/timer.h>
#include <stdio.h>

int main(void)
{
    for (unsigned n = 1; n <= 10; n++) {
        timer_sleep(10000000);
        printf("alive %u\n", n);
    }
    return 0;
}
