/* SPDX-License-Identifier: Apache-2.0 */
#include "bulkhead/monitor.h"

#include <string.h>

#include "bulkhead/irq.h"
#include "bulkhead/vm.h"
#include "machine.h"

/* docs/hypercalls.md */
#define CALL_QUERY 0xc6000001u
#define CALL_STOP 0xc6000002u
#define CALL_START 0xc6000003u
#define CALL_RESTART 0xc6000004u
#define CALL_EVENT 0xc6000005u

static struct {
    monitor_handler_fn fn;
    void *arg;
} handler;

unsigned monitor_count(void)
{
    return machine.control_count;
}

const char *monitor_name(unsigned n)
{
    const char *name = machine.controls;

    if (n >= machine.control_count) {
        return NULL;
    }
    while (n-- > 0) {
        name += strlen(name) + 1;
    }
    return name;
}

int monitor_find(const char *name)
{
    for (unsigned n = 0; n < machine.control_count; n++) {
        if (strcmp(monitor_name(n), name) == 0) {
            return (int)n;
        }
    }
    return MONITOR_UNKNOWN;
}

int monitor_query(unsigned n, struct monitor_status *status)
{
    const uint64_t args[4] = { n, 0, 0, 0 };
    uint64_t results[3];
    const int error = (int)vm_call(CALL_QUERY, args, results);

    if (error == 0) {
        *status = (struct monitor_status){
            .state = (enum monitor_state)results[0],
            .end = (enum monitor_end)results[1],
            .starts = (uint32_t)results[2],
            .crashes = (uint32_t)(results[2] >> 32),
        };
    }
    return error;
}

int monitor_stop(unsigned n)
{
    return (int)vm_hvc(CALL_STOP, n, 0, 0);
}

int monitor_start(unsigned n)
{
    return (int)vm_hvc(CALL_START, n, 0, 0);
}

int monitor_restart(unsigned n)
{
    return (int)vm_hvc(CALL_RESTART, n, 0, 0);
}

int monitor_event(void)
{
    return (int)vm_hvc(CALL_EVENT, 0, 0, 0);
}

static void doorbell_interrupt(uint32_t intid, void *arg)
{
    int n;

    (void)intid;
    (void)arg;
    while ((n = monitor_event()) >= 0) {
        handler.fn((unsigned)n, handler.arg);
    }
}

void monitor_on_event(monitor_handler_fn fn, void *arg)
{
    if (machine.monitor_intid == 0) {
        return;
    }
    handler.fn = fn;
    handler.arg = arg;
    irq_handler(machine.monitor_intid, doorbell_interrupt, NULL);
    irq_set_edge(machine.monitor_intid, true);
    irq_enable(machine.monitor_intid);

    /* What ended before the interrupt was set up may not have left it pending. */
    const uint64_t state = irq_mask();
    doorbell_interrupt(machine.monitor_intid, NULL);
    irq_restore(state);
}
