/* SPDX-License-Identifier: Apache-2.0 */

/* Emulated interrupts; lets the hostile VM do its worst, then stops it. */

#include <bulkhead/channel.h>
#include <bulkhead/monitor.h>
#include <bulkhead/timer.h>

#include "../../check.h"
#include "../attacks.h"

#define MS UINT64_C(1000000)

struct checks checks;

static bool comes_to(enum monitor_state state)
{
    struct monitor_status status;

    for (unsigned i = 0; i < 2000; i++) {
        if (monitor_query(0, &status) == 0 && status.state == state) {
            return true;
        }
        timer_sleep(1 * MS);
    }
    return false;
}

int main(void)
{
    const struct attacks *attacks = channel_open("attacks")->window;

    for (uint32_t number = 1; number <= ATTACK_COUNT; number++) {
        while (attacks->ended != number) {
            timer_sleep(1 * MS);
        }
        printf("attack %u ended, the VM masks everything\n", (unsigned)number);
        timer_sleep(10 * MS);
        check_equal("it is told to stop", (uint64_t)monitor_stop(0), 0);
        check("and does", comes_to(MONITOR_OFF));
        printf("it is off\n");
        if (number < ATTACK_COUNT) {
            check_equal("it is started again", (uint64_t)monitor_start(0), 0);
        }
    }
    return check_end();
}
