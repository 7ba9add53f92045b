/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_WAIT_H
#define MONITOR_WAIT_H

/* What the monitors of these tests share: VMs as they are seen, and waiting for them. */

#include <bulkhead/cpu.h>
#include <bulkhead/monitor.h>
#include <bulkhead/timer.h>
#include <stdbool.h>

#define MILLISECOND UINT64_C(1000000)

static volatile unsigned events[8]; /* ends told of, by VM */
static unsigned awaited;

static inline void event(unsigned n, void *arg)
{
    (void)arg;
    events[n]++;
}

static inline bool has_event(void *arg)
{
    const unsigned *n = arg;
    return events[*n] != awaited;
}

/* Sleeps until the doorbell has told of an end of VM n that came after it was told of `seen`. */
static inline void wait_event(unsigned n, unsigned seen)
{
    awaited = seen;
    cpu_wait_until(has_event, &n);
}

static inline struct monitor_status status_of(unsigned n)
{
    struct monitor_status status = { .state = MONITOR_OFF };

    (void)monitor_query(n, &status);
    return status;
}

static inline void wait_state(unsigned n, enum monitor_state state)
{
    while (status_of(n).state != state) {
        timer_sleep(MILLISECOND);
    }
}

#endif
