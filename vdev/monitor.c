/* SPDX-License-Identifier: Apache-2.0 */
#include "vdev/monitor.h"

#include "vdev/call.h"
#include "vdev/vgic.h"
#include "vdev/vm.h"

/* A run ended that the monitor was not told of yet; by index into control_rows. */
static _Atomic bool control_events[COUNT_AT_LEAST_ONE(CONTROL_COUNT)];

static const struct monitor_row *monitor_of(uint32_t vm)
{
    for (uint32_t n = 0; n < MONITOR_COUNT; n++) {
        if (monitor_rows[n].vm == vm) {
            return &monitor_rows[n];
        }
    }
    return NULL;
}

static enum monitor_end monitor_end(uint32_t end)
{
    switch ((enum vcpu_end)end) {
    case VCPU_END_OFF:
        return MONITOR_END_OFF;
    case VCPU_END_RESET:
        return MONITOR_END_RESET;
    case VCPU_END_CRASH:
        return MONITOR_END_CRASH;
    case VCPU_END_ORDERED:
        return MONITOR_END_ORDERED;
    case VCPU_END_NONE:
    case VCPU_END_CPU_OFF:
    case VCPU_END_STOPPED:
        break;
    }
    return MONITOR_END_NONE;
}

static int64_t monitor_query(struct vcpu *vcpu, const struct vm *vm)
{
    uint64_t counts = atomic_load(&vm->starts) | (uint64_t)atomic_load(&vm->crashes) << 32;

    arch_reg_set(&vcpu->arch, 1, atomic_load(&vm->state));
    arch_reg_set(&vcpu->arch, 2, monitor_end(atomic_load(&vm->last)));
    arch_reg_set(&vcpu->arch, 3, counts);
    return MONITOR_SUCCESS;
}

static int64_t monitor_result(bool done)
{
    return done ? MONITOR_SUCCESS : MONITOR_BAD_STATE;
}

static int64_t monitor_event(const struct monitor_row *row)
{
    for (uint32_t n = 0; n < row->control_count; n++) {
        if (atomic_exchange(&control_events[row->control_first + n], false)) {
            return n;
        }
    }
    return MONITOR_NO_EVENT;
}

static int64_t monitor_act(struct vcpu *vcpu, uint32_t function, uint32_t vm)
{
    switch (function) {
    case MONITOR_QUERY:
        return monitor_query(vcpu, &vms[vm]);
    case MONITOR_STOP:
        return monitor_result(vm_order_end_run(vm, VM_ORDER_STOP));
    case MONITOR_START:
        return monitor_result(vm_order_start(vm));
    case MONITOR_RESTART:
        return monitor_result(vm_order_end_run(vm, VM_ORDER_RESTART));
    default:
        return CALL_NOT_SUPPORTED;
    }
}

int64_t monitor_call(struct vcpu *vcpu, uint32_t function, uint64_t n)
{
    const struct monitor_row *row = monitor_of(vcpu->vm);

    if (row == NULL || function < MONITOR_COUNT_VMS || function > MONITOR_EVENT) {
        return CALL_NOT_SUPPORTED;
    }
    if (function == MONITOR_COUNT_VMS) {
        return row->control_count;
    }
    if (function == MONITOR_EVENT) {
        return monitor_event(row);
    }
    if (n >= row->control_count) {
        return MONITOR_UNKNOWN;
    }
    return monitor_act(vcpu, function, control_rows[row->control_first + n].vm);
}

void monitor_ring(uint32_t vm)
{
    for (uint32_t n = 0; n < MONITOR_COUNT; n++) {
        const struct monitor_row *row = &monitor_rows[n];

        for (uint32_t i = row->control_first; i < row->control_first + row->control_count; i++) {
            if (control_rows[i].vm == vm) {
                atomic_store(&control_events[i], true);
                if (row->intid != 0) {
                    vgic_post(row->vm, row->intid);
                }
            }
        }
    }
}
