/* SPDX-License-Identifier: Apache-2.0 */

/* Follows the target through its runs. */

#include <bulkhead/channel.h>

#include "../../check.h"
#include "../../monitor/wait.h"
#include "../state.h"

#define TARGET 0u

struct checks checks;

static const struct state *state;

static void wait_run(uint32_t run)
{
    while (state->run < run) {
        timer_sleep(MILLISECOND);
    }
}

/* Does this vCPU of the target count?  On a busy host it may not get to it for a while. */
static bool counts(unsigned vcpu)
{
    const uint64_t end = timer_now_ns() + 30000 * MILLISECOND;
    const uint32_t before = state->counts[vcpu];

    while (state->counts[vcpu] == before && timer_now_ns() < end) {
        timer_sleep(MILLISECOND);
    }
    return state->counts[vcpu] != before;
}

static bool stands_still(unsigned vcpu)
{
    const uint32_t before = state->counts[vcpu];

    timer_sleep(20 * MILLISECOND);
    return state->counts[vcpu] == before;
}

static void stop_half(void)
{
    wait_run(1);
    check("the second vCPU counts", counts(1));
    check_status("stopping", monitor_stop(TARGET), 0);
    wait_state(TARGET, MONITOR_OFF);
    check("stopped with its first vCPU off", stands_still(1));
}

static void end_pause(void)
{
    const unsigned seen = events[TARGET];

    check_status("starting", monitor_start(TARGET), 0);
    wait_run(2);
    wait_event(TARGET, seen);
    check("it has crashed, and pauses", status_of(TARGET).end == MONITOR_END_CRASH &&
                                            status_of(TARGET).state == MONITOR_STOPPING);
    check_status("restarting", monitor_restart(TARGET), 0);
    const uint64_t start = timer_now_ns();
    wait_run(3);
    check("the pause is over at once", timer_now_ns() - start < 30000 * MILLISECOND); /* of 60 s */
}

static void stop_in_pause(void)
{
    while (status_of(TARGET).crashes < 2) {
        timer_sleep(MILLISECOND);
    }
    check_status("stopping in the pause", monitor_stop(TARGET), 0);
    wait_state(TARGET, MONITOR_OFF);
    check("stopped in the pause", stands_still(1) && state->run == 3);
}

static void restart_both(void)
{
    check_status("starting", monitor_start(TARGET), 0);
    wait_run(4);
    check("both vCPUs count", counts(0) && counts(1));
    check_status("restarting", monitor_restart(TARGET), 0);
    wait_run(5);
    check("restarted with both vCPUs on", stands_still(0) && stands_still(1));
    wait_state(TARGET, MONITOR_OFF);
    const struct monitor_status status = status_of(TARGET);
    check("it went off by itself", status.end == MONITOR_END_OFF);
    check("five runs, two crashes", status.starts == 5 && status.crashes == 2);
}

int main(void)
{
    state = channel_open("state")->window;
    monitor_on_event(event, NULL);
    stop_half();
    end_pause();
    stop_in_pause();
    restart_both();
    return check_end();
}
