/* SPDX-License-Identifier: Apache-2.0 */
/* sources: loader/lifecycle.c vdev/vm.c vdev/vcpu.c vdev/call.c vdev/psci.c vdev/monitor.c
 * vdev/guest_memory.c vdev/dispatch.c arch/fake/[a-z]*.c tests/unit/fixture/platform.c
 * tests/unit/fixture/lives.c */
#include "arch/fake/fake.h"
#include "tests/unit/check.h"
#include "tests/unit/fixture/lives.h"
#include "vdev/monitor.h"
#include "vdev/psci.h"
#include "vdev/vm.h"

#include <string.h>

/* Beta, a monitor, orders; so do the console and a watchdog: both by vm_order_*(), on any CPU. */

#define OF_ALPHA 0 /* beta's numbers for them */
#define OF_GAMMA 1

static int64_t monitor(uint32_t function, uint64_t n)
{
    return guest_call(2, function, n, 0, 0);
}

static void check_query(uint64_t n, enum vm_state state, enum monitor_end last, uint64_t starts,
                        uint64_t crashes)
{
    CHECK_EQ(monitor(MONITOR_QUERY, n), MONITOR_SUCCESS);
    CHECK_EQ(vcpus[2].arch.x[1], state);
    CHECK_EQ(vcpus[2].arch.x[2], last);
    CHECK_EQ(vcpus[2].arch.x[3], starts | crashes << 32);
}

static void check_events(uint32_t vm, const char *events)
{
    CHECK(strcmp(lives[vm].events, events) == 0);
}

/* Whatever on_off says: all its vCPUs end, and it stays off. */
static void stop(void)
{
    lives_boot();
    guest_call(3, PSCI_CPU_ON, 2, ENTRY(GAMMA), 0);
    lives_turn(5);
    CHECK_EQ(monitor(MONITOR_STOP, OF_GAMMA), MONITOR_SUCCESS);
    check_query(OF_GAMMA, VM_RUNNING, MONITOR_END_NONE, 1, 0);
    lives_settle();
    CHECK(!guest_runs(3) && !guest_runs(5));
    check_query(OF_GAMMA, VM_OFF, MONITOR_END_ORDERED, 1, 0);
    check_events(GAMMA, "q");
    CHECK_EQ(lives[BETA].posts, 1);
    CHECK_EQ(monitor(MONITOR_EVENT, 0), OF_GAMMA);
    CHECK_EQ(monitor(MONITOR_EVENT, 0), MONITOR_NO_EVENT);
    CHECK_EQ(monitor(MONITOR_STOP, OF_GAMMA), MONITOR_BAD_STATE);
    CHECK_EQ(monitor(MONITOR_RESTART, OF_GAMMA), MONITOR_BAD_STATE);
    lives_settle();
    check_query(OF_GAMMA, VM_OFF, MONITOR_END_ORDERED, 1, 0);
}

/* The VM counts as running from the order on, so that the board does not go off before it starts.
 */
static void start(void)
{
    lives_boot();
    CHECK_EQ(monitor(MONITOR_START, OF_ALPHA), MONITOR_BAD_STATE);
    CHECK_EQ(monitor(MONITOR_STOP, OF_ALPHA), MONITOR_SUCCESS);
    lives_settle();
    lives_clear();
    CHECK_EQ(atomic_load(&vms_left), 2);
    CHECK_EQ(monitor(MONITOR_START, OF_ALPHA), MONITOR_SUCCESS);
    CHECK_EQ(atomic_load(&vms_left), 3);
    CHECK_EQ(monitor(MONITOR_START, OF_ALPHA), MONITOR_BAD_STATE); /* it is ordered */
    CHECK_EQ(atomic_load(&vms_left), 3);
    lives_settle();
    check_query(OF_ALPHA, VM_RUNNING, MONITOR_END_ORDERED, 2, 0);
    check_events(ALPHA, "pdgis");
    CHECK(guest_runs(0));
    CHECK_EQ(lives_resets[0], 1);
    CHECK_EQ(atomic_load(&vms_left), 3);
}

static void start_of_a_damaged_image(void)
{
    lives_boot();
    monitor(MONITOR_STOP, OF_ALPHA);
    lives_settle();
    lives[ALPHA].damaged = true;
    monitor(MONITOR_START, OF_ALPHA);
    lives_settle();
    check_query(OF_ALPHA, VM_OFF, MONITOR_END_ORDERED, 1, 0);
    CHECK_EQ(atomic_load(&vms_left), 2);
    lives[ALPHA].damaged = false;
    CHECK_EQ(monitor(MONITOR_START, OF_ALPHA), MONITOR_SUCCESS);
    lives_settle();
    CHECK(guest_runs(0));
}

/* Without limit or pause, whatever the policies say; and it is no crash. */
static void restart(void)
{
    lives_boot();
    for (uint32_t n = 1; n <= 4; n++) {
        lives_clear();
        CHECK_EQ(monitor(MONITOR_RESTART, OF_ALPHA), MONITOR_SUCCESS);
        CHECK_EQ(monitor(MONITOR_RESTART, OF_GAMMA), MONITOR_SUCCESS);
        lives_settle();
        check_events(ALPHA, "qpdgis");
        check_query(OF_ALPHA, VM_RUNNING, MONITOR_END_ORDERED, n + 1, 0);
        check_query(OF_GAMMA, VM_RUNNING, MONITOR_END_ORDERED, n + 1, 0);
        CHECK_EQ(lives[BETA].posts, 2);
        CHECK_EQ(lives_resets[0], 1);
    }
}

/* It has no vCPU 0 on: its home does it for the others. */
static void orders_reach_other_vcpus(void)
{
    lives_boot();
    guest_call(3, PSCI_CPU_ON, 1, ENTRY(GAMMA), 0);
    lives_turn(4);
    guest_call(3, PSCI_CPU_OFF, 0, 0, 0);
    CHECK(guest_runs(4) && !guest_runs(3));
    monitor(MONITOR_STOP, OF_GAMMA);
    lives_settle();
    CHECK(!guest_runs(4));
    check_query(OF_GAMMA, VM_OFF, MONITOR_END_ORDERED, 1, 0);
}

/* Alpha crashed and waits to be restarted. */
static void pause_of_alpha(void)
{
    lives_boot();
    guest_crash(0);
    check_query(OF_ALPHA, VM_STOPPING, MONITOR_END_CRASH, 1, 1);
    CHECK_EQ(monitor(MONITOR_EVENT, 0), OF_ALPHA); /* before the pause */
}

static void restart_ends_a_pause(void)
{
    pause_of_alpha();
    CHECK_EQ(monitor(MONITOR_RESTART, OF_ALPHA), MONITOR_SUCCESS);
    lives_settle();
    check_query(OF_ALPHA, VM_RUNNING, MONITOR_END_CRASH, 2, 1);
    check_events(ALPHA, "qpdgis"); /* once */
}

static void stop_ends_a_pause(void)
{
    pause_of_alpha();
    CHECK_EQ(monitor(MONITOR_STOP, OF_ALPHA), MONITOR_SUCCESS);
    lives_settle();
    check_query(OF_ALPHA, VM_OFF, MONITOR_END_CRASH, 1, 1);
    fake_time += 1000 * TICKS_PER_MS;
    lives_settle();
    check_query(OF_ALPHA, VM_OFF, MONITOR_END_CRASH, 1, 1);
}

/* Off by its own crashes; who starts it then gives it all its restarts again. */
static void start_forgets_crashes(void)
{
    lives_boot();
    for (unsigned round = 0; round < 2; round++) {
        for (unsigned n = 0; n < 3; n++) {
            CHECK(guest_runs(0));
            guest_crash(0);
            fake_time += 10 * TICKS_PER_MS;
            lives_settle();
        }
        CHECK(!guest_runs(0));
        CHECK_EQ(monitor(MONITOR_START, OF_ALPHA), MONITOR_SUCCESS);
        lives_settle();
    }
    check_query(OF_ALPHA, VM_RUNNING, MONITOR_END_CRASH, 7, 6);
}

/* The VM goes off by itself just as it is ordered to restart: what is ordered counts. */
static void order_as_it_ends(void)
{
    lives_boot();
    CHECK_EQ(monitor(MONITOR_RESTART, OF_ALPHA), MONITOR_SUCCESS);
    atomic_store(&vcpus[0].requests, 0); /* as if that came a moment later */
    guest_call(0, PSCI_SYSTEM_OFF, 0, 0, 0);
    lives_settle();
    check_query(OF_ALPHA, VM_RUNNING, MONITOR_END_OFF, 2, 0);
    CHECK_EQ(atomic_load(&vms_left), 3);
}

/* Given as it was on, found when it is off. */
static void restart_found_when_off(void)
{
    lives_boot();
    guest_call(0, PSCI_SYSTEM_OFF, 0, 0, 0);
    CHECK_EQ(atomic_load(&vms_left), 2);
    vm_order_give(ALPHA, VM_ORDER_RESTART);
    lives_settle();
    check_query(OF_ALPHA, VM_RUNNING, MONITOR_END_OFF, 2, 0);
    CHECK_EQ(atomic_load(&vms_left), 3);
}

/* Likewise: nothing is left to stop. */
static void stop_found_when_off(void)
{
    lives_boot();
    guest_call(0, PSCI_SYSTEM_OFF, 0, 0, 0);
    vm_order_give(ALPHA, VM_ORDER_STOP);
    lives_settle();
    check_query(OF_ALPHA, VM_OFF, MONITOR_END_OFF, 1, 0);
    CHECK_EQ(atomic_load(&vms_left), 2);
    CHECK_EQ(monitor(MONITOR_START, OF_ALPHA), MONITOR_SUCCESS);
}

/* Likewise, and another order, to start it, was first: that is counted no more. */
static void order_after_a_start(void)
{
    static const struct {
        enum vm_order order;
        enum vm_state state;
        uint32_t left;
    } cases[] = { { VM_ORDER_STOP, VM_OFF, 2 }, { VM_ORDER_RESTART, VM_RUNNING, 3 } };

    lives_boot();
    guest_call(0, PSCI_SYSTEM_OFF, 0, 0, 0);
    for (unsigned n = 0; n < 2; n++) {
        CHECK_EQ(monitor(MONITOR_START, OF_ALPHA), MONITOR_SUCCESS);
        vm_order_give(ALPHA, cases[n].order);
        lives_settle();
        CHECK_EQ(atomic_load(&vms[ALPHA].state), cases[n].state);
        CHECK_EQ(atomic_load(&vms_left), cases[n].left);
    }
}

/* A watchdog's end is a crash; one that comes between two runs is forgotten. */
static void watchdog(void)
{
    lives_boot();
    vm_order_give(ALPHA, VM_ORDER_CRASH);
    lives_turn(0);
    CHECK(!guest_runs(0));
    check_query(OF_ALPHA, VM_STOPPING, MONITOR_END_CRASH, 1, 1);
    fake_time += 10 * TICKS_PER_MS - 1;
    lives_turn(0);
    check_query(OF_ALPHA, VM_STOPPING, MONITOR_END_CRASH, 1, 1);
    fake_time++;
    lives_settle();
    check_query(OF_ALPHA, VM_RUNNING, MONITOR_END_CRASH, 2, 1);

    guest_call(0, PSCI_SYSTEM_OFF, 0, 0, 0);
    CHECK_EQ(monitor(MONITOR_START, OF_ALPHA), MONITOR_SUCCESS);
    lives_settle();
    CHECK(guest_runs(0));
}

/* A crash does not take the place of another's order, which takes its. */
static void crash_against_stop(void)
{
    lives_boot();
    vm_order_give(ALPHA, VM_ORDER_STOP);
    vm_order_give(ALPHA, VM_ORDER_CRASH);
    lives_settle();
    check_query(OF_ALPHA, VM_OFF, MONITOR_END_ORDERED, 1, 0);
    vm_order_give(GAMMA, VM_ORDER_CRASH);
    vm_order_give(GAMMA, VM_ORDER_STOP);
    lives_settle(); /* by a crash the board would be gone */
    check_query(OF_GAMMA, VM_OFF, MONITOR_END_ORDERED, 1, 0);
}

static void crash_ordered(void)
{
    lives_boot();
    vm_order_give(GAMMA, VM_ORDER_CRASH);
    lives_settle();
    CHECK(false); /* on_crash: the board is gone */
}

/* Alpha and gamma are nobody's monitors, and beta has two to look after. */
static void refused(void)
{
    lives_boot();
    for (uint32_t function = MONITOR_COUNT_VMS; function <= MONITOR_EVENT; function++) {
        CHECK_EQ(guest_call(0, function, 0, 0, 0), -1);
        CHECK_EQ(guest_call(3, function, 0, 0, 0), -1);
    }
    CHECK_EQ(monitor(MONITOR_COUNT_VMS, 0), 2);
    for (uint32_t function = MONITOR_QUERY; function <= MONITOR_RESTART; function++) {
        CHECK_EQ(monitor(function, 2), MONITOR_UNKNOWN);
        CHECK_EQ(monitor(function, UINT64_C(1) << 32), MONITOR_UNKNOWN);
    }
    lives_settle();
    CHECK(guest_runs(0) && guest_runs(2) && guest_runs(3));
}

int main(void)
{
    CASE(stop, 0);
    CASE(start, 0);
    CASE(start_of_a_damaged_image, 0);
    CASE(restart, 0);
    CASE(orders_reach_other_vcpus, 0);
    CASE(restart_ends_a_pause, 0);
    CASE(stop_ends_a_pause, 0);
    CASE(start_forgets_crashes, 0);
    CASE(order_as_it_ends, 0);
    CASE(restart_found_when_off, 0);
    CASE(stop_found_when_off, 0);
    CASE(order_after_a_start, 0);
    CASE(watchdog, 0);
    CASE(crash_against_stop, 0);
    CASE(crash_ordered, FAKE_EXIT_BOARD_RESET);
    CASE(refused, 0);
    return test_result();
}
