/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BULKHEAD_MONITOR_H
#define BULKHEAD_MONITOR_H

#include <stdint.h>

/*
 * Looking after other VMs: those that the deployment file lists in this VM's `controls`, numbered
 * in that order.  What returns int is 0, or an error, which is negative.
 */
enum monitor_error {
    MONITOR_NOT_SUPPORTED = -1, /* this VM controls none */
    MONITOR_UNKNOWN = -2,       /* no such VM */
    MONITOR_BAD_STATE = -3,     /* starting what is not off, stopping or restarting what is */
    MONITOR_NO_EVENT = -4,
};

enum monitor_state { MONITOR_OFF, MONITOR_STARTING, MONITOR_RUNNING, MONITOR_STOPPING };
enum monitor_end {
    MONITOR_END_NONE, /* it has not ended yet */
    MONITOR_END_OFF,  /* it powered itself off */
    MONITOR_END_RESET,
    MONITOR_END_CRASH,
    MONITOR_END_ORDERED, /* a monitor stopped or restarted it */
};

struct monitor_status {
    enum monitor_state state;
    enum monitor_end end; /* of the run before this one, or of the last one where it is off */
    uint32_t starts;
    uint32_t crashes;
};

unsigned monitor_count(void);
const char *monitor_name(unsigned n); /* NULL: no such VM */
int monitor_find(const char *name);   /* its number */

/* These are orders: the VM is stopping, starting when they return.  A stop goes before its
 * policies; a restart before their limits and pauses.  Every run begins with the pristine image. */
int monitor_query(unsigned n, struct monitor_status *status);
int monitor_stop(unsigned n);
int monitor_start(unsigned n);
int monitor_restart(unsigned n);

/* The number of a VM of which a run ended since this last told so, or MONITOR_NO_EVENT. */
int monitor_event(void);

typedef void (*monitor_handler_fn)(unsigned n, void *arg);

/* Calls handler(n, arg) on CPU 0, in interrupt context, when a run of VM n ended: it crashed, was
 * reset, stopped, or went off.  Ends from before this call are not lost. */
void monitor_on_event(monitor_handler_fn handler, void *arg);

#endif
