/* SPDX-License-Identifier: Apache-2.0 */
/* sources: loader/lifecycle.c vdev/vm.c vdev/vcpu.c vdev/call.c vdev/psci.c vdev/monitor.c
 * vdev/guest_memory.c vdev/dispatch.c arch/fake/[a-z]*.c tests/unit/fixture/platform.c
 * tests/unit/fixture/lives.c */
#include "arch/fake/fake.h"
#include "tests/unit/check.h"
#include "tests/unit/fixture/lives.h"
#include "vdev/psci.h"
#include "vdev/vm.h"

#include <string.h>

/* How VMs start and end, and what their policies make of an end; what others order:
 * test_lifecycle_orders.c. */

static void check_vm(uint32_t vm, enum vm_state state, const char *events)
{
    CHECK_EQ(atomic_load(&vms[vm].state), state);
    CHECK(strcmp(lives[vm].events, events) == 0);
    if (strcmp(lives[vm].events, events) != 0) {
        fprintf(stderr, "VM %u: \"%s\", expected \"%s\"\n", vm, lives[vm].events, events);
    }
}

/* At its first instruction, for the first time since lives_clear(). */
static void check_begins(uint32_t vcpu, uint64_t entry, uint64_t arg)
{
    CHECK(guest_runs(vcpu));
    CHECK_EQ(vcpus[vcpu].arch.pc, entry);
    CHECK_EQ(vcpus[vcpu].arch.x[0], arg);
    CHECK_EQ(lives_resets[vcpu], 1);
}

static void all_start(void)
{
    memset(lives_channels, 0xa5, sizeof(lives_channels));
    lives_init();
    for (unsigned n = 0; n < sizeof(lives_channels[0]); n++) {
        CHECK_EQ(lives_channels[FRESH][n], 0);
        CHECK_EQ(lives_channels[KEPT][n], 0);
    }
    lives_channels[FRESH][0] = 1; /* by a VM that is faster */
    lives_start();
    CHECK_EQ(lives_channels[FRESH][0], 1);
    for (uint32_t vm = 0; vm < VM_COUNT; vm++) {
        check_vm(vm, VM_RUNNING, "cdPgis");
        CHECK(fake_called(FAKE_CALL_FLUSH, vm, 0));
        CHECK_EQ(atomic_load(&vms[vm].starts), 1);
        CHECK_EQ(atomic_load(&vms[vm].last), VCPU_END_NONE);
        check_begins(vm_rows[vm].vcpu_first, ENTRY(vm), BOOT_ARG(vm));
    }
    CHECK(!guest_runs(1) && !guest_runs(4) && !guest_runs(5));
    for (uint32_t n = 0; n < PCPU_COUNT; n++) {
        CHECK_EQ(fake_cpus[n].map, ARCH_MAP_RUN);
    }
}

/* The CPUs of one's own VM, and nobody else. */
static void home_waits_for_its_cpus(void)
{
    lives_init();
    lives_turn(0);
    lives_turn(0);
    check_vm(ALPHA, VM_OFF, "cd");
    lives_turn(1);
    lives_turn(0);
    check_vm(ALPHA, VM_RUNNING, "cdPgis");
    check_vm(GAMMA, VM_OFF, "cd");
}

/* Its interrupts are taken, too. */
static void a_cpu_without_vcpu(void)
{
    lives_boot();
    arch_ipi_send(PCPU_COUNT - 1);
    lives_settle();
}

static void damaged_image(void)
{
    lives_init();
    lives[ALPHA].damaged = true;
    lives_start();
    check_vm(ALPHA, VM_OFF, "cdP");
    CHECK(!guest_runs(0));
    CHECK_EQ(fake_cpus[0].map, ARCH_MAP_RUN);
    check_vm(GAMMA, VM_RUNNING, "cdPgis");
    CHECK_EQ(atomic_load(&vms_left), 2);
}

static void damaged_image_at_a_restart(void)
{
    lives_boot();
    lives[ALPHA].damaged = true;
    guest_call(0, PSCI_SYSTEM_RESET, 0, 0, 0);
    check_vm(ALPHA, VM_OFF, "qp");
    CHECK(!guest_runs(0));
    CHECK_EQ(atomic_load(&vms_left), 2);
}

static void cpu_on_and_off(void)
{
    lives_boot();
    for (uint64_t n = 1; n <= 3; n++) {
        uint64_t entry = ENTRY(ALPHA) + 16 * n;

        lives_clear();
        CHECK_EQ(guest_call(0, PSCI_CPU_ON, 1, entry, n), 0);
        lives_turn(1);
        check_begins(1, entry, n);
        CHECK_EQ(lives_resets[0], 0);
        guest_call(1, PSCI_CPU_OFF, 0, 0, 0);
        CHECK(!guest_runs(1) && guest_runs(0));
        CHECK_EQ(lives_parked[1], 1);
        check_vm(ALPHA, VM_RUNNING, "");
    }
}

/* vCPU 0 first: its VM is not over while another one runs. */
static void last_cpu_off(void)
{
    lives_boot();
    guest_call(0, PSCI_CPU_ON, 1, ENTRY(ALPHA), 0);
    lives_turn(1);
    guest_call(0, PSCI_CPU_OFF, 0, 0, 0);
    lives_settle();
    check_vm(ALPHA, VM_RUNNING, "");
    guest_call(1, PSCI_CPU_ON, 0, ENTRY(ALPHA) + 4, 0);
    lives_turn(0);
    CHECK_EQ(vcpus[0].arch.pc, ENTRY(ALPHA) + 4);
    guest_call(0, PSCI_CPU_OFF, 0, 0, 0);
    guest_call(1, PSCI_CPU_OFF, 0, 0, 0);
    CHECK_EQ(atomic_load(&vcpus[0].requests) & VCPU_REQUEST_START, VCPU_REQUEST_START);
    lives_turn(0);
    check_vm(ALPHA, VM_OFF, "q"); /* on_off halts */
    CHECK_EQ(atomic_load(&vms[ALPHA].last), VCPU_END_OFF);
    CHECK_EQ(atomic_load(&vms_left), 2);
}

/* By a vCPU that is not the home's; a policy that restarts does so without a pause. */
static void off_restarts(void)
{
    lives_boot();
    guest_call(3, PSCI_CPU_ON, 2, ENTRY(GAMMA), 0);
    lives_turn(5);
    lives_clear();
    lives_channels[FRESH][0] = 1;
    lives_channels[KEPT][0] = 1;
    fake_time = 12345;
    guest_call(5, PSCI_SYSTEM_OFF, 0, 0, 0);
    CHECK(!guest_runs(5) && guest_runs(3));
    check_vm(GAMMA, VM_STOPPING, "");
    lives_settle();
    check_vm(GAMMA, VM_RUNNING, "qpdgis");
    check_begins(3, ENTRY(GAMMA), BOOT_ARG(GAMMA));
    CHECK(!guest_runs(4) && !guest_runs(5));
    CHECK_EQ(vms[GAMMA].counter_base, 12345);
    CHECK_EQ(atomic_load(&vms[GAMMA].last), VCPU_END_OFF);
    CHECK_EQ(atomic_load(&vms[GAMMA].crashes), 0);
    CHECK_EQ(lives_channels[FRESH][0], 0);
    CHECK_EQ(lives_channels[KEPT][0], 1);
    check_vm(ALPHA, VM_RUNNING, "");
    CHECK_EQ(atomic_load(&vms_left), 3);
}

/* Resets don't count as crashes: there may be any number. */
static void reset_restarts(void)
{
    lives_boot();
    for (uint32_t n = 1; n <= 5; n++) {
        lives_clear();
        lives_channels[FRESH][0] = 1; /* another VM's */
        fake_time = n;
        guest_call(0, PSCI_SYSTEM_RESET, 0, 0, 0);
        check_vm(ALPHA, VM_RUNNING, "qpdgis");
        check_begins(0, ENTRY(ALPHA), BOOT_ARG(ALPHA));
        CHECK_EQ(lives_channels[FRESH][0], 1);
        CHECK_EQ(vms[ALPHA].counter_base, 0);
        CHECK_EQ(atomic_load(&vms[ALPHA].starts), n + 1);
        CHECK_EQ(atomic_load(&vms[ALPHA].last), VCPU_END_RESET);
        CHECK_EQ(fake_cpus[0].map, ARCH_MAP_RUN);
    }
}

static void reset_halts(void)
{
    lives_boot();
    guest_call(3, PSCI_SYSTEM_RESET, 0, 0, 0);
    check_vm(GAMMA, VM_OFF, "q");
    CHECK_EQ(atomic_load(&vms_left), 2);
}

/* All its vCPUs stop; it begins again when the last one has, and after the pause. */
static void crash_restarts(void)
{
    lives_boot();
    guest_call(0, PSCI_CPU_ON, 1, ENTRY(ALPHA), 0);
    lives_turn(1);
    lives_clear();
    fake_time = 5 * TICKS_PER_MS;
    guest_crash(0);
    check_vm(ALPHA, VM_STOPPING, "");
    CHECK(fake_called(FAKE_CALL_IPI, 1, 0));
    lives_turn(0);
    check_vm(ALPHA, VM_STOPPING, "");
    lives_turn(1);
    CHECK(!guest_runs(1));
    lives_turn(0);
    check_vm(ALPHA, VM_STOPPING, "q");
    CHECK_EQ(lives_alarms[0], 15 * TICKS_PER_MS);
    fake_time = 15 * TICKS_PER_MS - 1;
    lives_settle();
    check_vm(ALPHA, VM_STOPPING, "q");
    fake_time = 15 * TICKS_PER_MS;
    lives_settle();
    check_vm(ALPHA, VM_RUNNING, "qpdgis");
    check_begins(0, ENTRY(ALPHA), BOOT_ARG(ALPHA));
    CHECK_EQ(atomic_load(&vms[ALPHA].crashes), 1);
    CHECK_EQ(atomic_load(&vms[ALPHA].last), VCPU_END_CRASH);
    CHECK_EQ(atomic_load(&vms[ALPHA].starts), 2);
    CHECK(!guest_runs(1));
}

static void crash_and_wait(uint64_t ms)
{
    guest_crash(0);
    fake_time += ms * TICKS_PER_MS;
    lives_settle();
}

/* A third one within a second; of those before, time made good. */
static void crashes_too_often(void)
{
    lives_boot();
    crash_and_wait(990);
    crash_and_wait(11); /* the window ends */
    CHECK(guest_runs(0));
    crash_and_wait(490);
    crash_and_wait(510);
    CHECK(guest_runs(0));
    crash_and_wait(10);
    CHECK(!guest_runs(0));
    CHECK_EQ(atomic_load(&vms[ALPHA].state), VM_OFF);
    CHECK_EQ(atomic_load(&vms[ALPHA].crashes), 5);
    CHECK_EQ(atomic_load(&vms_left), 2);
}

static void crash_halts(void)
{
    lives_boot();
    guest_crash(2);
    check_vm(BETA, VM_OFF, "q");
    CHECK_EQ(atomic_load(&vms[BETA].last), VCPU_END_CRASH);
}

static void crash_resets_the_board(void)
{
    lives_boot();
    guest_crash(3);
    CHECK(false); /* the board is gone */
}

static void all_off(void)
{
    lives_boot();
    guest_crash(2);
    guest_call(3, PSCI_SYSTEM_RESET, 0, 0, 0);
    CHECK_EQ(atomic_load(&vms_left), 1);
    guest_call(0, PSCI_SYSTEM_OFF, 0, 0, 0);
    CHECK(false); /* the board is off */
}

/* The first reason counts, whoever is first to be off. */
static void two_ends_at_once(void)
{
    lives_boot();
    guest_call(0, PSCI_CPU_ON, 1, ENTRY(ALPHA), 0);
    lives_turn(1);
    guest_call(1, PSCI_SYSTEM_OFF, 0, 0, 0);
    CHECK_EQ(atomic_load(&vms[ALPHA].state), VM_STOPPING);
    atomic_store(&vcpus[0].requests, 0); /* as if it had crashed before that came */
    guest_crash(0);
    lives_settle();
    CHECK_EQ(atomic_load(&vms[ALPHA].state), VM_OFF);
    CHECK_EQ(atomic_load(&vms[ALPHA].last), VCPU_END_OFF);
    CHECK_EQ(atomic_load(&vms[ALPHA].crashes), 0);
}

/* A CPU_ON that comes as the VM stops starts nothing, and does not keep the VM from ending. */
static void cpu_on_of_a_stopping_vm(void)
{
    lives_boot();
    guest_call(3, PSCI_CPU_ON, 1, ENTRY(GAMMA), 0);
    lives_turn(4);
    guest_call(4, PSCI_CPU_ON, 2, ENTRY(GAMMA), 0);
    guest_call(3, PSCI_SYSTEM_RESET, 0, 0, 0);
    lives_turn(4);
    lives_turn(3);
    CHECK_EQ(atomic_load(&vms[GAMMA].state), VM_STOPPING); /* a start is pending */
    atomic_store(&vcpus[3].requests, 0);
    lives_turn(5);
    CHECK(!guest_runs(5));
    CHECK_EQ(atomic_load(&vcpus[3].requests), VCPU_REQUEST_START);
    lives_turn(3);
    CHECK_EQ(atomic_load(&vms[GAMMA].state), VM_OFF);
}

/* A stop that a vCPU did not see before it went off by itself is not for its next run. */
static void stop_of_an_earlier_run(void)
{
    lives_boot();
    guest_call(0, PSCI_CPU_ON, 1, ENTRY(ALPHA), 0);
    lives_turn(1);
    guest_call(1, PSCI_CPU_OFF, 0, 0, 0);
    vcpu_request(&vcpus[1], VCPU_REQUEST_STOP | VCPU_REQUEST_VGIC);
    guest_call(0, PSCI_CPU_ON, 1, ENTRY(ALPHA), 0);
    lives_turn(1);
    lives_turn(1);
    CHECK(guest_runs(1));
}

int main(void)
{
    CASE(all_start, 0);
    CASE(home_waits_for_its_cpus, 0);
    CASE(a_cpu_without_vcpu, 0);
    CASE(damaged_image, 0);
    CASE(damaged_image_at_a_restart, 0);
    CASE(cpu_on_and_off, 0);
    CASE(last_cpu_off, 0);
    CASE(off_restarts, 0);
    CASE(reset_restarts, 0);
    CASE(reset_halts, 0);
    CASE(crash_restarts, 0);
    CASE(crashes_too_often, 0);
    CASE(crash_halts, 0);
    CASE(crash_resets_the_board, FAKE_EXIT_BOARD_RESET);
    CASE(all_off, FAKE_EXIT_BOARD_OFF);
    CASE(two_ends_at_once, 0);
    CASE(cpu_on_of_a_stopping_vm, 0);
    CASE(stop_of_an_earlier_run, 0);
    return test_result();
}
