/* SPDX-License-Identifier: Apache-2.0 */

/* Leaves the immediate of a call as the last syndrome, and spins until its watchdog's end. */

#include <bulkhead/cpu.h>
#include <stdio.h>

int main(void)
{
    printf("begun\n");
    __asm__ volatile("hvc #0x3e1" : : : "x0", "x1", "x2", "x3", "memory");
    for (;;) {
        cpu_relax();
    }
}
