/* SPDX-License-Identifier: Apache-2.0 */

/* Looks after "patient" and "worker". */

#include <bulkhead/channel.h>
#include <stdatomic.h>
#include <string.h>

#include "../../check.h"
#include "../wait.h"

#define PATIENT 0u
#define WORKER 1u

struct checks checks;

static const _Atomic uint32_t *runs;
static const _Atomic uint32_t *work;

static void rights(void)
{
    struct monitor_status status;

    check_equal("two VMs to look after", monitor_count(), 2);
    check("their names, in order", strcmp(monitor_name(PATIENT), "patient") == 0 &&
                                       strcmp(monitor_name(WORKER), "worker") == 0 &&
                                       monitor_name(2) == NULL);
    check_status("one that is not controlled", monitor_find("ticker"), MONITOR_UNKNOWN);
    check_status("a query beyond them", monitor_query(2, &status), MONITOR_UNKNOWN);
    check_status("a stop beyond them", monitor_stop(2), MONITOR_UNKNOWN);
    check_status("a start beyond them", monitor_start(~0u), MONITOR_UNKNOWN);
    check_status("starting what runs", monitor_start(WORKER), MONITOR_BAD_STATE);
}

static void start_crashed(void)
{
    struct monitor_status status;

    wait_event(PATIENT, 0);
    status = status_of(PATIENT);
    check("patient has crashed, and is off",
          status.state == MONITOR_OFF && status.end == MONITOR_END_CRASH);
    check("after one run", status.starts == 1 && status.crashes == 1);
    check_status("stopping what is off", monitor_stop(PATIENT), MONITOR_BAD_STATE);
    check_status("restarting what is off", monitor_restart(PATIENT), MONITOR_BAD_STATE);
    check_status("starting it", monitor_start(PATIENT), 0);
    while (*runs < 2) {
        timer_sleep(MILLISECOND);
    }
    check("patient runs again", status_of(PATIENT).state == MONITOR_RUNNING);
}

static void stop_and_start(void)
{
    const unsigned seen = events[WORKER];

    while (*work < 10) {
        timer_sleep(MILLISECOND);
    }
    check_status("stopping a worker", monitor_stop(WORKER), 0);
    wait_event(WORKER, seen);
    const struct monitor_status status = status_of(WORKER);
    check("that is off", status.state == MONITOR_OFF && status.end == MONITOR_END_ORDERED);
    const uint32_t done = *work;
    timer_sleep(20 * MILLISECOND);
    check("worker stands still", *work == done && done >= 10);
    check_status("starting it", monitor_start(WORKER), 0);
    while (*work == done || *work == 0) {
        timer_sleep(MILLISECOND / 10);
    }
    check("worker begins again", work[1] == 1);
    check_equal("its second run", status_of(WORKER).starts, 2);
}

static void restart_and_end(void)
{
    unsigned seen = events[PATIENT];

    check_status("restarting", monitor_restart(PATIENT), 0);
    wait_event(PATIENT, seen);
    while (*runs < 3) {
        timer_sleep(MILLISECOND);
    }
    const struct monitor_status status = status_of(PATIENT);
    check("a third run, without a crash",
          status.starts == 3 && status.crashes == 1 && status.end == MONITOR_END_ORDERED);

    check_status("stopping the patient", monitor_stop(PATIENT), 0);
    check_status("stopping the worker", monitor_stop(WORKER), 0);
    wait_state(PATIENT, MONITOR_OFF);
    wait_state(WORKER, MONITOR_OFF);
    check("both are off", true);
}

int main(void)
{
    runs = channel_open("runs")->window;
    work = channel_open("work")->window;
    rights();
    monitor_on_event(event, NULL);
    start_crashed();
    stop_and_start();
    restart_and_end();
    return check_end();
}
