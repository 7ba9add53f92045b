/* SPDX-License-Identifier: Apache-2.0 */
/* sources: vdev/monitor.c vdev/vm.c arch/fake/[a-z]*.c */
#include <string.h>

#include "arch/fake/fake.h"
#include "tests/unit/check.h"
#include "vdev/call.h"
#include "vdev/monitor.h"
#include "vdev/vgic.h"
#include "vdev/vm.h"

/* VM 0 controls 1 and 2, with a doorbell; VM 1 controls 2, without; VM 2 controls none. */
struct vcpu vcpus[VCPU_COUNT];
const struct vm_row vm_rows[VM_COUNT] = {
    { .vcpu_first = 0, .vcpu_count = 2 },
    { .vcpu_first = 2, .vcpu_count = 1 },
    { .vcpu_first = 3, .vcpu_count = 3 },
};
const struct monitor_row monitor_rows[MONITOR_COUNT] = {
    { .vm = 0, .intid = 50, .control_first = 0, .control_count = 2 },
    { .vm = 1, .intid = 0, .control_first = 2, .control_count = 1 },
};
const struct control_row control_rows[CONTROL_COUNT] = { { .vm = 1 }, { .vm = 2 }, { .vm = 2 } };

static uint32_t posts;
static struct vcpu *asked; /* who got the last request */

void vgic_post(uint32_t vm, uint32_t intid)
{
    CHECK_EQ(vm, 0);
    CHECK_EQ(intid, 50);
    posts++;
}

void vcpu_request(struct vcpu *vcpu, uint32_t requests)
{
    CHECK_EQ(requests, VCPU_REQUEST_ORDER);
    asked = vcpu;
}

static int64_t call(uint32_t vm, uint32_t function, uint64_t n)
{
    return monitor_call(&vcpus[vm_rows[vm].vcpu_first], function, n);
}

static uint32_t order_of(uint32_t vm)
{
    return atomic_load(&vms[vm].order);
}

static void setup(void)
{
    fake_reset();
    memset(vcpus, 0, sizeof(vcpus));
    memset(vms, 0, sizeof(vms));
    for (uint16_t vm = 0; vm < VM_COUNT; vm++) {
        vcpus[vm_rows[vm].vcpu_first].vm = vm;
        atomic_store(&vms[vm].state, VM_RUNNING);
        while (call(vm, MONITOR_EVENT, 0) >= 0) {
        }
    }
    atomic_store(&vms_left, VM_COUNT);
    posts = 0;
    asked = NULL;
}

static void rights(void)
{
    setup();
    CHECK_EQ(call(0, MONITOR_COUNT_VMS, 0), 2);
    CHECK_EQ(call(1, MONITOR_COUNT_VMS, 0), 1);
    for (uint32_t function = MONITOR_COUNT_VMS; function <= MONITOR_EVENT; function++) {
        CHECK_EQ(call(2, function, 0), CALL_NOT_SUPPORTED);
    }
    for (uint32_t function = MONITOR_QUERY; function <= MONITOR_RESTART; function++) {
        CHECK_EQ(call(0, function, 2), MONITOR_UNKNOWN);
        CHECK_EQ(call(1, function, 1), MONITOR_UNKNOWN);
        CHECK_EQ(call(0, function, UINT64_C(0x100000000)), MONITOR_UNKNOWN);
        CHECK_EQ(call(0, function, UINT64_MAX), MONITOR_UNKNOWN);
    }
    CHECK_EQ(call(0, MONITOR_EVENT + 1, 0), CALL_NOT_SUPPORTED);
    CHECK_EQ(call(0, MONITOR_QUERY & ~CALL_64, 0), CALL_NOT_SUPPORTED);
    CHECK(asked == NULL);
    CHECK_EQ(order_of(0) | order_of(1) | order_of(2), VM_ORDER_NONE);
}

static void queries(void)
{
    struct vcpu *monitor = &vcpus[0];

    setup();
    atomic_store(&vms[2].state, VM_STOPPING);
    atomic_store(&vms[2].last, VCPU_END_CRASH);
    atomic_store(&vms[2].starts, 7);
    atomic_store(&vms[2].crashes, 3);
    CHECK_EQ(call(0, MONITOR_QUERY, 1), 0);
    CHECK_EQ(monitor->arch.x[1], VM_STOPPING);
    CHECK_EQ(monitor->arch.x[2], MONITOR_END_CRASH);
    CHECK_EQ(monitor->arch.x[3], UINT64_C(0x300000007));
    CHECK_EQ(call(0, MONITOR_QUERY, 0), 0);
    CHECK_EQ(monitor->arch.x[2], MONITOR_END_NONE);
    atomic_store(&vms[1].last, VCPU_END_ORDERED);
    CHECK_EQ(call(0, MONITOR_QUERY, 0), 0);
    CHECK_EQ(monitor->arch.x[2], MONITOR_END_ORDERED);
}

static void orders(void)
{
    setup();
    CHECK_EQ(call(0, MONITOR_STOP, 1), 0);
    CHECK_EQ(order_of(2), VM_ORDER_STOP);
    CHECK(asked == &vcpus[3]);
    CHECK_EQ(call(1, MONITOR_RESTART, 0), 0);
    CHECK_EQ(order_of(2), VM_ORDER_RESTART);
    CHECK_EQ(vm_order_end(2), VCPU_END_ORDERED);
    CHECK_EQ(vm_order_take(2), VM_ORDER_RESTART);
    CHECK_EQ(vm_order_end(2), VCPU_END_NONE);
    CHECK_EQ(call(0, MONITOR_START, 1), MONITOR_BAD_STATE);
    atomic_store(&vms[2].state, VM_LOADING);
    CHECK_EQ(call(0, MONITOR_START, 1), MONITOR_BAD_STATE);
    CHECK_EQ(call(0, MONITOR_STOP, 1), 0);
}

static void starting(void)
{
    setup();
    atomic_store(&vms[2].state, VM_OFF);
    atomic_store(&vms_left, 2);
    CHECK_EQ(call(0, MONITOR_STOP, 1), MONITOR_BAD_STATE);
    CHECK_EQ(call(0, MONITOR_RESTART, 1), MONITOR_BAD_STATE);
    CHECK_EQ(call(0, MONITOR_START, 1), 0);
    CHECK_EQ(order_of(2), VM_ORDER_START);
    CHECK(asked == &vcpus[3]);
    CHECK_EQ(atomic_load(&vms_left), 3);
    CHECK_EQ(call(1, MONITOR_START, 0), MONITOR_BAD_STATE); /* the other one was first */
    CHECK_EQ(atomic_load(&vms_left), 3);
    CHECK_EQ(vm_order_end(2), VCPU_END_NONE);
}

static void crash_orders(void)
{
    setup();
    vm_order_give(1, VM_ORDER_CRASH);
    CHECK_EQ(vm_order_end(1), VCPU_END_CRASH);
    vm_order_forget_crash(1);
    CHECK_EQ(order_of(1), VM_ORDER_NONE);
    vm_order_give(1, VM_ORDER_STOP);
    asked = NULL;
    vm_order_give(1, VM_ORDER_CRASH);
    vm_order_forget_crash(1);
    CHECK_EQ(order_of(1), VM_ORDER_STOP);
    CHECK(asked == NULL);
}

static void events(void)
{
    setup();
    CHECK_EQ(call(0, MONITOR_EVENT, 0), MONITOR_NO_EVENT);
    monitor_ring(2);
    CHECK_EQ(posts, 1);
    monitor_ring(2);
    monitor_ring(1);
    monitor_ring(0);
    CHECK_EQ(posts, 3);
    CHECK_EQ(call(0, MONITOR_EVENT, 0), 0);
    CHECK_EQ(call(0, MONITOR_EVENT, 0), 1);
    CHECK_EQ(call(0, MONITOR_EVENT, 0), MONITOR_NO_EVENT);
    CHECK_EQ(call(1, MONITOR_EVENT, 0), 0);
    CHECK_EQ(call(1, MONITOR_EVENT, 0), MONITOR_NO_EVENT);
}

int main(void)
{
    TEST(rights);
    TEST(queries);
    TEST(orders);
    TEST(starting);
    TEST(crash_orders);
    TEST(events);
    return test_result();
}
