/* SPDX-License-Identifier: Apache-2.0 */
#include "loader/lifecycle.h"

#include "arch/arch.h"
#include "loader/image.h"
#include "platform/console.h"
#include "platform/log.h"
#include "platform/panic.h"
#include "vdev/alarm.h"
#include "vdev/dispatch_check.h"
#include "vdev/irq.h"
#include "vdev/ivc.h"
#include "vdev/monitor.h"
#include "vdev/notice.h"
#include "vdev/timer.h"
#include "vdev/vdev.h"
#include "vdev/vgic.h"
#include "vdev/vm.h"
#include <tables.h>

static _Atomic uint32_t starts[VM_COUNT]; /* vCPUs of the VM that took a start, ever */
static _Atomic uint32_t ready[VM_COUNT];  /* CPUs of the VM that are initialised */

static const char *const end_words[] = {
    [VCPU_END_NONE] = "not at all", [VCPU_END_CPU_OFF] = "CPU_OFF",
    [VCPU_END_OFF] = "SYSTEM_OFF",  [VCPU_END_RESET] = "SYSTEM_RESET",
    [VCPU_END_CRASH] = "crashed",   [VCPU_END_STOPPED] = "stopped with its VM",
    [VCPU_END_ORDERED] = "ordered",
};

static struct vcpu *home_of(const struct vcpu *vcpu)
{
    return &vcpus[vcpu->vm_row->vcpu_first];
}

static void channels_zero(uint32_t vm, bool first)
{
    for (uint32_t n = 0; n < CHANNEL_COUNT; n++) {
        const struct channel_row *row = &channel_rows[n];

        if (first || (row->writer_vm == vm && !row->keep)) {
            arch_mem_zero(row->base, row->size);
        }
    }
}

void lifecycle_init(void)
{
    atomic_store(&vms_left, VM_COUNT);
    for (uint32_t n = 0; n < VCPU_COUNT; n++) {
        struct vcpu *vcpu = &vcpus[n];

        vcpu->row = &vcpu_rows[n];
        vcpu->vm = vcpu_rows[n].vm;
        vcpu->vm_row = &vm_rows[vcpu->vm];
        vcpu->index = (uint16_t)n;
        atomic_store(&vcpu->power, VCPU_OFF);
        vgic_vcpu_init(vcpu);
        if (CONFIG_FAST_PATHS) {
            vcpu_fast_init(vcpu);
        }
    }
    for (uint32_t n = 0; n < VM_COUNT; n++) {
        dispatch_check(&vm_rows[n]);
        vdev_reset(&vm_rows[n]);
    }
    channels_zero(0, true);
}

static bool seen_off(const struct vm_row *row)
{
    for (uint32_t n = 0; n < vcpu_count_of(row); n++) {
        if (atomic_load(&vcpus[row->vcpu_first + n].power) != VCPU_OFF) {
            return false;
        }
    }
    return true;
}

/* Home, all vCPUs off: RAM and devices as after power-on, vCPU 0 about to start. */
static bool vm_begin(struct vcpu *vcpu, bool restart)
{
    struct vm *vm = &vms[vcpu->vm];
    const struct vm_row *row = vcpu->vm_row;

    ASSERT(vcpu == home_of(vcpu) && seen_off(row));
    log_debug("%s: its images go into its RAM, at %#llx and on", row->name,
              (unsigned long long)row->ram[0].hpa.addr);
    atomic_store(&vm->state, VM_LOADING);
    arch_map_select(ARCH_MAP_LOADER);
    if (restart) {
        channels_zero(vcpu->vm, false);
    }
    bool good = image_place(row, restart);
    arch_map_select(ARCH_MAP_RUN);
    if (!good) {
        return false;
    }
    log_debug("%s: its images are right, its devices begin anew", row->name);
    arch_vm_flush(row);
    if (restart) { /* else lifecycle_init() did, and VMs that were faster may have rung since */
        vdev_reset(row); /* before the vGIC: one may still post an interrupt of the last run */
    }
    vgic_vm_reset(vcpu->vm);
    if (IVC_COUNT > 0) {
        ivc_vm_reset(vcpu->vm);
    }
    vm->counter_base = OWN_COUNTER_VM_COUNT > 0 && row->own_counter ? arch_time_now() : 0;
    vcpu->start_entry = row->entry.addr;
    vcpu->start_arg = row->boot_arg;
    vdev_start(row);
    vm_order_forget_crash(vcpu->vm);
    atomic_fetch_add(&vm->starts, 1);
    atomic_store(&vm->end, VCPU_END_NONE);
    atomic_store(&vm->state, VM_RUNNING);
    atomic_store(&vcpu->power, VCPU_ON_PENDING);
    log_info("%s: %s", row->name, restart ? "restarted" : "started");
    return true;
}

/* Were all vCPUs off at one moment?  One look is not enough: a vCPU that is seen last may have
 * started, before it went off, one that was seen first.  Who was on between two looks that both see
 * it off has taken a start meanwhile.  Once all are off, nobody is left to start any. */
static bool vm_all_off(const struct vcpu *vcpu)
{
    uint32_t before = atomic_load(&starts[vcpu->vm]);
    bool first_look = seen_off(vcpu->vm_row);

    return first_look && seen_off(vcpu->vm_row) && atomic_load(&starts[vcpu->vm]) == before;
}

/* Home: nothing of the VM runs any more, because it was stopped or its last vCPU went off. */
static bool vm_is_over(const struct vcpu *vcpu)
{
    uint32_t state = atomic_load(&vms[vcpu->vm].state);

    return (state == VM_RUNNING || state == VM_STOPPING) && vm_all_off(vcpu);
}

/* A vCPU of the VM that is still on (so that no home restarts the VM before this is done), or home:
 * the VM ends, for the first reason that comes. */
static void vm_stop(struct vcpu *vcpu, enum vcpu_end end)
{
    struct vm *vm = &vms[vcpu->vm];
    uint32_t none = VCPU_END_NONE;

    if (!atomic_compare_exchange_strong(&vm->end, &none, (uint32_t)end)) {
        return;
    }
    atomic_store(&vm->state, VM_STOPPING);
    log_debug("%s: stops: %s", vcpu->vm_row->name, end_words[end]);
    for (uint32_t n = 0; n < vcpu_count_of(vcpu->vm_row); n++) {
        struct vcpu *other = &vcpus[vcpu->vm_row->vcpu_first + n];

        if (other != vcpu) {
            vcpu_request(other, VCPU_REQUEST_STOP);
        }
    }
}

static void tell_monitors(const struct vcpu *vcpu)
{
    if (MONITOR_COUNT > 0) {
        monitor_ring(vcpu->vm);
    }
}

static void vm_end(struct vcpu *vcpu)
{
    ASSERT(seen_off(vcpu->vm_row) && atomic_load(&vms_left) > 0);
    atomic_store(&vms[vcpu->vm].state, VM_OFF);
    log_info("%s: off", vcpu->vm_row->name);
    tell_monitors(vcpu);
    if (atomic_fetch_sub(&vms_left, 1) == 1) {
        log_info("all VMs are off: board off");
        console_flush();
        arch_board_off();
    }
}

/* VCPU_END_NONE: by CPU_OFF of the last vCPU, which is like SYSTEM_OFF. */
static enum vm_policy policy_of(const struct vm_row *row, enum vcpu_end end)
{
    if (end == VCPU_END_CRASH) {
        return row->on_crash;
    }
    return end == VCPU_END_RESET ? row->on_reset : row->on_off;
}

/* Crashes may restart a VM only so often (restart = { max, window }). */
static bool restart_allowed(struct vm *vm, const struct restart_row *restart)
{
    uint64_t window = restart->window_ms * (arch_time_hz() / 1000);
    uint64_t now = arch_time_now();

    if (vm->restarts == 0 || now - vm->window_start > window) {
        vm->window_start = now;
        vm->restarts = 0;
    }
    vm->restarts++;
    return restart->max == 0 || vm->restarts <= restart->max;
}

/* The pause before a restart after a crash; a monitor's order ends it. */
static void vm_pause(struct vcpu *vcpu)
{
    uint64_t ms = vcpu->vm_row->restart.backoff_ms;
    uint64_t deadline = arch_time_now() + ms * (arch_time_hz() / 1000);

    while (arch_time_now() < deadline && vm_order(vcpu->vm) == VM_ORDER_NONE) {
        alarm_ask(deadline);
        arch_cpu_wait();
        irq_take(vcpu);
    }
}

/* What the deployment says about this end, within its limits. */
static enum vm_policy vm_verdict(struct vcpu *vcpu, enum vcpu_end end)
{
    struct vm *vm = &vms[vcpu->vm];
    const struct vm_row *row = vcpu->vm_row;
    enum vm_policy policy = policy_of(row, end);

    if (RESET_BOARD_VM_COUNT > 0 && policy == POLICY_RESET_BOARD) {
        log_error("%s: board reset, as its policy says", row->name);
        console_flush();
        arch_board_reset();
    }
    if (RESTART_VM_COUNT > 0 && policy == POLICY_RESTART && end == VCPU_END_CRASH &&
        !restart_allowed(vm, &row->restart)) {
        log_error("%s: crashed %u times within %u ms: stays off", row->name, vm->restarts,
                  row->restart.window_ms);
        policy = POLICY_HALT;
    }
    return policy;
}

/* Home: the VM begins again, after a pause where it crashed. */
static bool vm_again(struct vcpu *vcpu, bool pause)
{
    tell_monitors(vcpu);
    if (pause) {
        vm_pause(vcpu);
    }
    return vm_order_take(vcpu->vm) != VM_ORDER_STOP && vm_begin(vcpu, true);
}

/* Home, all vCPUs off: what a monitor ordered, or else the deployment says. */
static void vm_ended(struct vcpu *vcpu)
{
    struct vm *vm = &vms[vcpu->vm];
    enum vcpu_end end = (enum vcpu_end)atomic_load(&vm->end);
    enum vm_order order = vm_order_take(vcpu->vm);
    bool again = order == VM_ORDER_RESTART;

    vgic_vm_quiet(vcpu->vm);
    atomic_store(&vm->state, VM_STOPPING);
    atomic_store(&vm->last, (uint32_t)(end == VCPU_END_NONE ? VCPU_END_OFF : end));
    if (end == VCPU_END_CRASH) {
        atomic_fetch_add(&vm->crashes, 1);
    }
    if (!again && order != VM_ORDER_STOP) {
        again = vm_verdict(vcpu, end) == POLICY_RESTART;
    }
    if (RESTART_VM_COUNT == 0 || !again ||
        !vm_again(vcpu, end == VCPU_END_CRASH && order != VM_ORDER_RESTART)) {
        vm_end(vcpu);
    }
}

/* Home, the VM is off: a monitor may start it. */
static void vm_ordered(struct vcpu *vcpu)
{
    enum vm_order order = vm_order_take(vcpu->vm);

    if (order == VM_ORDER_RESTART) {
        atomic_fetch_add(&vms_left, 1);
    } else if (order != VM_ORDER_START) {
        return;
    }
    vms[vcpu->vm].restarts = 0;
    if (!vm_begin(vcpu, true)) {
        vm_end(vcpu);
    }
}

/* Takes a pending start; false: there is none, or the VM is stopping meanwhile. */
static bool vcpu_take_start(struct vcpu *vcpu)
{
    uint32_t pending = VCPU_ON_PENDING;

    /* A stop that was meant for an earlier run goes; one that comes from here on stays, because
     * vm_stop() changes the state before it asks. */
    atomic_fetch_and(&vcpu->requests, ~(uint32_t)VCPU_REQUEST_STOP);
    if (!atomic_compare_exchange_strong(&vcpu->power, &pending, VCPU_ON)) {
        return false;
    }
    atomic_fetch_add(&starts[vcpu->vm], 1);
    if (atomic_load(&vms[vcpu->vm].state) != VM_RUNNING) {
        atomic_store(&vcpu->power, VCPU_OFF);
        vcpu_request(home_of(vcpu), VCPU_REQUEST_START);
        return false;
    }
    vcpu->end = VCPU_END_NONE;
    arch_vcpu_reset(&vcpu->arch, vcpu->vm_row, vcpu->row, vcpu->start_entry, vcpu->start_arg,
                    vms[vcpu->vm].counter_base);
    timer_vcpu_reset(vcpu);
    vgic_vcpu_reset(vcpu);
    notice_debug(vcpu, "starts on CPU %u", (unsigned)vcpu->row->pcpu);
    return true;
}

static void vcpu_leave(struct vcpu *vcpu, enum vcpu_end end)
{
    ASSERT(atomic_load(&vcpu->power) == VCPU_ON && end != VCPU_END_NONE);
    arch_vcpu_leave(vcpu->vm_row);
    notice_debug(vcpu, "ends: %s", end_words[end]);
    vgic_vcpu_park(vcpu);
    if (end != VCPU_END_CPU_OFF && end != VCPU_END_STOPPED) {
        vm_stop(vcpu, end);
    }
    atomic_store(&vcpu->power, VCPU_OFF);
    if (vcpu != home_of(vcpu)) {
        vcpu_request(home_of(vcpu), VCPU_REQUEST_START);
    }
}

/* Home, its vCPU off: what there is to do for the VM; false: nothing. */
static bool home_step(struct vcpu *vcpu)
{
    struct vm *vm = &vms[vcpu->vm];
    uint32_t state = atomic_load(&vm->state);

    if (vm_is_over(vcpu)) {
        vm_ended(vcpu);
        return true;
    }
    if (state == VM_OFF && vm_order(vcpu->vm) != VM_ORDER_NONE) {
        vm_ordered(vcpu);
        return true;
    }
    if (state == VM_RUNNING && vm_order_end(vcpu->vm) != VCPU_END_NONE) {
        vm_stop(vcpu, vm_order_end(vcpu->vm)); /* its other vCPUs */
        return true;
    }
    return false;
}

static _Noreturn void idle_loop(void)
{
    for (;;) {
        arch_cpu_wait();
        irq_take(NULL);
    }
}

/* Home sets up what is other CPUs' too: their private interrupts, where the VM takes its own. */
static void wait_ready(const struct vcpu *vcpu)
{
    while (atomic_load(&ready[vcpu->vm]) != vcpu_count_of(vcpu->vm_row)) {
        arch_cpu_relax();
    }
}

_Noreturn void lifecycle_loop(struct vcpu *vcpu)
{
    arch_map_select(ARCH_MAP_RUN);
    if (vcpu == NULL) {
        idle_loop();
    }
    ASSERT(vcpu->row->pcpu == arch_cpu_index());
    atomic_fetch_add(&ready[vcpu->vm], 1);
    arch_cpu_wake();
    if (vcpu == home_of(vcpu)) {
        wait_ready(vcpu);
        if (!vm_begin(vcpu, false)) {
            vm_end(vcpu);
        }
    }
    for (;;) {
        if (vcpu_take_start(vcpu)) {
            vcpu_leave(vcpu, vcpu_run(vcpu));
        } else if (vcpu != home_of(vcpu) || !home_step(vcpu)) {
            arch_cpu_wait();
            irq_take(vcpu);
        }
    }
}
