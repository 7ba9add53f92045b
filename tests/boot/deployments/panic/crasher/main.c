/* SPDX-License-Identifier: Apache-2.0 */

/* Crashes when the others spin. */

#include <bulkhead/channel.h>
#include <bulkhead/cpu.h>
#include <bulkhead/vm.h>
#include <stdatomic.h>

int main(void)
{
    _Atomic uint32_t *begun = channel_open("begun")->window;

    while (*begun != 2) {
        cpu_relax();
    }
    vm_crash();
}
