/* SPDX-License-Identifier: Apache-2.0 */
/* sources: vdev/call.c vdev/psci.c vdev/guest_memory.c vdev/monitor.c vdev/ivc.c vdev/vm.c
 * tests/unit/fixture/platform.c arch/fake/[a-z]*.c */
#include <string.h>

#include "arch/fake/fake.h"
#include "tests/fuzz/input.h"
#include "vdev/call.h"
#include "vdev/eemi.h"
#include "vdev/ivc.h"
#include "vdev/monitor.h"
#include "vdev/psci.h"
#include "vdev/vgic.h"
#include "vdev/vm.h"

/* Any call with any registers by any VM, PSCI, monitor's and AxVM's among them: registers from x4
 * on stay, no VM is ordered about by who may not, a vCPU is started from off alone and inside its
 * own VM, and nothing is written outside the caller's own RAM. */

#define RAM_BASE UINT64_C(0x40000000)
#define PAGE 0x1000u
#define KEY 0x33u
#define PUBLISHER 7u

/* Each VM's page lies between two that belong to nobody. */
static uint8_t host[2 * VM_COUNT + 1][PAGE];

#define RAM(vm)                                                                                    \
    {                                                                                              \
        {                                                                                          \
            .gpa = GPA(RAM_BASE), .hpa = { .addr = (uint64_t)host[2 * (vm) + 1] }, .size = PAGE,   \
            .writable = true                                                                       \
        }                                                                                          \
    }
static const struct ram_row ram[VM_COUNT][1] = { RAM(0), RAM(1), RAM(2) };

#define VM(vm, first, count)                                                                       \
    {                                                                                              \
        .name = "vm", .vcpu_first = (first), .vcpu_count = (count), .ram = ram[vm], .ram_count = 1 \
    }
const struct vm_row vm_rows[VM_COUNT] = { VM(0, 0, 2), VM(1, 2, 1), VM(2, 3, 3) };
const struct vcpu_row vcpu_rows[VCPU_COUNT] = {
    { .vm = 0, .index = 0, .pcpu = 0, .guest_id = 0 },
    { .vm = 0, .index = 1, .pcpu = 1, .guest_id = 1 },
    { .vm = 1, .index = 0, .pcpu = 2, .guest_id = 0 },
    { .vm = 2, .index = 0, .pcpu = 3, .guest_id = 0 },
    { .vm = 2, .index = 1, .pcpu = 4, .guest_id = 0x100 },
    { .vm = 2, .index = 2, .pcpu = 5, .guest_id = UINT64_C(0x500000002) },
};
const struct channel_row channel_rows[CHANNEL_COUNT] = { { .name = "news", .size = PAGE } };
const struct channel_peer_row channel_peer_rows[CHANNEL_PEER_COUNT] = {
    { .vm = 0, .window = GPA(0x60000000), .writable = true },
    { .vm = 1, .window = GPA(0x70000000) },
};
const struct ivc_row ivc_rows[IVC_COUNT] = {
    { .vm = 0, .peer = 0, .publishes = true, .publisher_id = PUBLISHER, .key = KEY },
    { .vm = 1, .peer = 1, .publisher_id = PUBLISHER, .key = KEY },
    { .vm = 2, .peer = 1, .publisher_id = PUBLISHER, .key = KEY },
};
/* VM 0 controls 1 and 2, VM 1 controls 2, VM 2 nobody; nobody controls 0. */
const struct monitor_row monitor_rows[MONITOR_COUNT] = {
    { .vm = 0, .intid = 50, .control_first = 0, .control_count = 2 },
    { .vm = 1, .intid = 0, .control_first = 2, .control_count = 1 },
};
const struct control_row control_rows[CONTROL_COUNT] = { { .vm = 1 }, { .vm = 2 }, { .vm = 2 } };

struct vcpu vcpus[VCPU_COUNT];

static const bool controls[VM_COUNT][VM_COUNT] = { { false, true, true }, { false, false, true } };

void vgic_post(uint32_t vm, uint32_t intid)
{
    (void)vm;
    (void)intid;
}

void vcpu_request(struct vcpu *vcpu, uint32_t requests)
{
    atomic_fetch_or(&vcpu->requests, requests);
}

static uint64_t some_function(struct input *input)
{
    static const uint32_t known[] = {
        0x80000000, 0x80000001, 0x84000000, 0x84000001, 0xc4000001, 0x84000002, 0x84000003,
        0xc4000003, 0x84000004, 0xc4000004, 0x84000006, 0x84000008, 0x84000009, 0x8400000a,
        0x84000012, 0xc4000012, 0x8600ff01, 0x8600ff03, 0xc6000000, 0xc6000001, 0xc6000002,
        0xc6000003, 0xc6000004, 0xc6000005, 3,          4,          5,          6,
    };
    const uint32_t pick = input_below(input, 40);

    return pick < sizeof(known) / sizeof(known[0]) ? known[pick] : input_take(input, 8);
}

static uint64_t some_argument(struct input *input)
{
    switch (input_below(input, 8)) {
    case 0:
        return RAM_BASE + input_take(input, 2) % (PAGE + 16);
    case 1:
        return RAM_BASE - 8 + input_below(input, 16);
    case 2:
        return KEY;
    case 3:
        return PUBLISHER;
    case 4:
        return input_take(input, 8);
    default:
        return input_below(input, 4);
    }
}

struct before {
    uint32_t power[VCPU_COUNT];
    uint32_t order[VM_COUNT];
    uint64_t x[31];
};

static struct before look(const struct vcpu *caller)
{
    struct before before;

    for (unsigned i = 0; i < VCPU_COUNT; i++) {
        before.power[i] = atomic_load(&vcpus[i].power);
    }
    for (unsigned vm = 0; vm < VM_COUNT; vm++) {
        before.order[vm] = atomic_load(&vms[vm].order);
    }
    memcpy(before.x, caller->arch.x, sizeof(before.x));
    return before;
}

static void check(const struct vcpu *caller, const struct before *before)
{
    for (unsigned i = 0; i < VCPU_COUNT; i++) {
        const uint32_t power = atomic_load(&vcpus[i].power);
        if (power != before->power[i]) {
            MUST(vcpus[i].vm == caller->vm);
            MUST(before->power[i] == VCPU_OFF && power == VCPU_ON_PENDING);
            MUST(vcpus[i].start_entry % 4 == 0 && vcpus[i].start_entry >= RAM_BASE &&
                 vcpus[i].start_entry <= RAM_BASE + PAGE - 4);
        }
    }
    for (unsigned vm = 0; vm < VM_COUNT; vm++) {
        MUST(atomic_load(&vms[vm].order) == before->order[vm] || controls[caller->vm][vm]);
    }
    MUST(memcmp(&caller->arch.x[4], &before->x[4], 27 * sizeof(uint64_t)) == 0);
    for (unsigned page = 0; page < sizeof(host) / PAGE; page++) {
        for (unsigned i = 0; i < PAGE && page != 2u * caller->vm + 1; i++) {
            MUST(host[page][i] == 0x5a);
        }
    }
    memset(host[2 * caller->vm + 1], 0x5a, PAGE);
}

static void start(void)
{
    fake_reset();
    memset(vcpus, 0, sizeof(vcpus));
    memset(vms, 0, sizeof(vms));
    for (uint16_t i = 0; i < VCPU_COUNT; i++) {
        vcpus[i].row = &vcpu_rows[i];
        vcpus[i].vm = vcpu_rows[i].vm;
        vcpus[i].vm_row = &vm_rows[vcpu_rows[i].vm];
        vcpus[i].index = i;
    }
    memset(host, 0x5a, sizeof(host));
    atomic_store(&vms_left, VM_COUNT);
    for (uint32_t vm = 0; vm < VM_COUNT; vm++) {
        ivc_vm_reset(vm);
        atomic_store(&vms[vm].state, VM_RUNNING);
        atomic_store(&vcpus[vm_rows[vm].vcpu_first].power, VCPU_ON);
    }
}

static void step(struct input *input)
{
    const uint32_t vm = input_below(input, VM_COUNT);
    const uint32_t flags = input_below(input, 64);
    struct vcpu *caller = &vcpus[vm_rows[vm].vcpu_first];
    const struct exit_call call = { .smc = (flags & 1) != 0, .immediate = flags == 62 ? 1 : 0 };

    fake_cpu_select(caller->row->pcpu);
    caller->arch.x[0] = some_function(input);
    for (unsigned i = 1; i < 5; i++) {
        caller->arch.x[i] = some_argument(input);
    }
    if (flags >= 60) { /* the world changes: a VM's state, a vCPU goes off */
        atomic_store(&vms[vm].state, flags & 3);
        atomic_store(&vcpus[VCPU_COUNT - 1].power, VCPU_OFF);
    }
    const struct before before = look(caller);
    call_serve(caller, &call);
    check(caller, &before);
    caller->end = VCPU_END_NONE;
}

/* Firmware has a target of its own: eemi.c. */
int64_t eemi_call(struct vcpu *vcpu, uint32_t function, const uint64_t args[2])
{
    (void)vcpu;
    (void)function;
    (void)args;
    return CALL_NOT_SUPPORTED;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = { .data = data, .left = size };

    start();
    while (input.left > 0) {
        step(&input);
    }
    return 0;
}
