/* SPDX-License-Identifier: Apache-2.0 */

/* With a counter of the VM's own, a restart sets it back; the board's goes on. */

#include <bulkhead/mmio.h>
#include <bulkhead/sysreg.h>
#include <bulkhead/timer.h>
#include <bulkhead/vm.h>

#include "../check.h"

#define STARTS UINT64_C(0xb0000000)
#define MS UINT64_C(1000000)

struct checks checks;

int main(void)
{
    const uint64_t second = SYSREG_READ(cntfrq_el0);
    const uint64_t count = SYSREG_READ(cntpct_el0);
    const uint32_t start = mmio_read32(STARTS) + 1;

    mmio_write32(STARTS, start);
    printf("start %u\n", (unsigned)start);
    if (start == 1) {
        timer_sleep(1500 * MS);
        check("the counter goes on meanwhile", SYSREG_READ(cntpct_el0) - count >= second);
        vm_reset();
    }
    check("the physical counter begins with the start", count < second);
    check("the virtual counter, too", SYSREG_READ(cntvct_el0) < second);
    return check_end();
}
