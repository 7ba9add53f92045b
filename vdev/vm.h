/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VDEV_VM_H
#define VDEV_VM_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "gen/rows.h"
#include "vdev/vcpu.h"
#include <tables.h>

enum vm_state { VM_OFF, VM_LOADING, VM_RUNNING, VM_STOPPING };

/* What others want of a VM.  Its home, the pCPU of its vCPU 0, carries it out (loader/lifecycle.h).
 */
enum vm_order {
    VM_ORDER_NONE,
    VM_ORDER_CRASH,   /* its watchdog's end: what on_crash says */
    VM_ORDER_STOP,    /* a monitor's or the console's: off, whatever the policies say */
    VM_ORDER_RESTART, /* theirs: off, then on, without limit or pause */
    VM_ORDER_START,   /* theirs, to a VM that is off and counted in vms_left already */
};

struct vm {
    _Atomic uint32_t state;   /* enum vm_state */
    _Atomic uint32_t end;     /* enum vcpu_end: why it is stopping; first one wins */
    _Atomic uint32_t order;   /* enum vm_order */
    _Atomic uint32_t last;    /* enum vcpu_end: why the run before this one ended; NONE: no run */
    _Atomic uint32_t starts;  /* runs so far */
    _Atomic uint32_t crashes; /* of them, those that crashed */
    uint32_t restarts;        /* within the current window; home only */
    uint64_t counter_base;    /* ticks of the board at which the VM's counter reads 0 */
    uint64_t window_start;    /* ticks */
};

extern struct vm vms[VM_COUNT];
/* Not off, or about to start; at 0 the board goes off.  lifecycle_init() sets it. */
extern _Atomic uint32_t vms_left;

/* Any CPU: gives `vm` an order, the last one counts; but a crash only where it has none. */
void vm_order_give(uint32_t vm, enum vm_order order);
/* Any CPU: an order that ends a run (stop, restart), where there is one: a VM that goes off right
 * now is stopped, or started again, all the same.  false: it is off. */
bool vm_order_end_run(uint32_t vm, enum vm_order order);
/* Any CPU: an order to start, where the VM is off and has no order; false: it has not. */
bool vm_order_start(uint32_t vm);
/* Home: the order, VM_ORDER_NONE where no VM of the deployment can be given any. */
static inline enum vm_order vm_order(uint32_t vm)
{
    return ORDER_VM_COUNT > 0 ? (enum vm_order)atomic_load(&vms[vm].order) : VM_ORDER_NONE;
}
/* Home, which carries it out: the order, and there is none any more. */
enum vm_order vm_order_take(uint32_t vm);
/* Home: a crash that was meant for an earlier run goes. */
void vm_order_forget_crash(uint32_t vm);
/* Home: how the VM's order ends a run, VCPU_END_NONE: it does not. */
enum vcpu_end vm_order_end(uint32_t vm);

#endif
