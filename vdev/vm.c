/* SPDX-License-Identifier: Apache-2.0 */
#include "vdev/vm.h"

struct vm vms[VM_COUNT];
_Atomic uint32_t vms_left;

static void tell_home(uint32_t vm)
{
    vcpu_request(&vcpus[vm_rows[vm].vcpu_first], VCPU_REQUEST_ORDER);
}

/* A VM that went off meanwhile may have been ordered to start, which is counted: that is undone. */
void vm_order_give(uint32_t vm, enum vm_order order)
{
    uint32_t none = VM_ORDER_NONE;

    if (order != VM_ORDER_CRASH) {
        if (atomic_exchange(&vms[vm].order, (uint32_t)order) == VM_ORDER_START) {
            atomic_fetch_sub(&vms_left, 1);
        }
    } else if (!atomic_compare_exchange_strong(&vms[vm].order, &none, (uint32_t)order)) {
        return;
    }
    tell_home(vm);
}

bool vm_order_end_run(uint32_t vm, enum vm_order order)
{
    if (atomic_load(&vms[vm].state) == VM_OFF) {
        return false;
    }
    vm_order_give(vm, order);
    return true;
}

/* A monitor's own VM is not off, so the count does not reach 0 meanwhile.  From the console it may:
 * then the board goes off all the same. */
bool vm_order_start(uint32_t vm)
{
    uint32_t none = VM_ORDER_NONE;

    if (atomic_load(&vms[vm].state) != VM_OFF) {
        return false;
    }
    atomic_fetch_add(&vms_left, 1);
    if (!atomic_compare_exchange_strong(&vms[vm].order, &none, VM_ORDER_START)) {
        atomic_fetch_sub(&vms_left, 1);
        return false;
    }
    tell_home(vm);
    return true;
}

enum vm_order vm_order_take(uint32_t vm)
{
    return ORDER_VM_COUNT > 0 ? (enum vm_order)atomic_exchange(&vms[vm].order, VM_ORDER_NONE)
                              : VM_ORDER_NONE;
}

void vm_order_forget_crash(uint32_t vm)
{
    uint32_t crash = VM_ORDER_CRASH;

    if (ORDER_VM_COUNT > 0) {
        (void)atomic_compare_exchange_strong(&vms[vm].order, &crash, VM_ORDER_NONE);
    }
}

enum vcpu_end vm_order_end(uint32_t vm)
{
    switch (vm_order(vm)) {
    case VM_ORDER_CRASH:
        return VCPU_END_CRASH;
    case VM_ORDER_STOP:
    case VM_ORDER_RESTART:
        return VCPU_END_ORDERED;
    case VM_ORDER_NONE:
    case VM_ORDER_START:
        break;
    }
    return VCPU_END_NONE;
}
