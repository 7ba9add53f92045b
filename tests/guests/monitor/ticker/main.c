/* SPDX-License-Identifier: Apache-2.0 */

/* Ticks; may not control anybody. */

#include <bulkhead/monitor.h>
#include <bulkhead/timer.h>
#include <bulkhead/vm.h>

#include "../../check.h"

#define PERIOD_NS UINT64_C(10000000)
#define TICKS 60u

struct checks checks;

int main(void)
{
    struct monitor_status status;
    uint64_t due = timer_now_ns();
    bool refused = true;

    for (unsigned n = 0; n < 4; n++) {
        refused = refused && monitor_query(n, &status) == MONITOR_NOT_SUPPORTED &&
                  monitor_stop(n) == MONITOR_NOT_SUPPORTED &&
                  monitor_start(n) == MONITOR_NOT_SUPPORTED &&
                  monitor_restart(n) == MONITOR_NOT_SUPPORTED;
    }
    check("no right to control anybody", refused && monitor_count() == 0);
    check_status("nor to hear of anybody", monitor_event(), MONITOR_NOT_SUPPORTED);
    check("which hypervisor this is",
          vm_hvc(0x8600ff01, 0, 0, 0) == 0x5728d332 && vm_hvc(0x8600ff03, 0, 0, 0) == 1);
    for (unsigned tick = 0; tick < TICKS; tick++) {
        due += PERIOD_NS;
        const uint64_t now = timer_now_ns();
        if (now < due) {
            timer_sleep(due - now);
        }
    }
    check("all ticks came", timer_now_ns() >= due);
    return check_end();
}
