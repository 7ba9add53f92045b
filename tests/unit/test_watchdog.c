/* SPDX-License-Identifier: Apache-2.0 */
/* sources: vdev/watchdog.c vdev/alarm.c vdev/vdev.c vdev/vm.c tests/unit/fixture/platform.c
   arch/fake/[a-z]*.c */
#include "vdev/watchdog.h"

#include "arch/fake/fake.h"
#include "tests/unit/check.h"
#include "vdev/alarm.h"
#include "vdev/vgic.h"
#include "vdev/vm.h"

#define WCS 0x000
#define WOR 0x008
#define WOR_HIGH 0x00c
#define WCV 0x010
#define WCV_HIGH 0x014
#define IIDR 0xfcc
#define EN 1
#define WS0 2
#define WS1 4

/* Time in the fake is 1 MHz: a timeout of 2 ms is two of 1000 ticks. */
#define HALF 1000u

const struct watchdog_row watchdog_rows[WATCHDOG_COUNT] = {
    { .vm = 0, .intid = 40, .timeout_ms = 2 },
    { .vm = 1, .intid = 0, .timeout_ms = 86400000 },
};
static const struct mmio_row rows[] = {
    { .base = GPA(0x1000), .size = 0x1000, .ops = &watchdog_control_ops, .instance = 0 },
    { .base = GPA(0x2000), .size = 0x1000, .ops = &watchdog_refresh_ops, .instance = 0 },
};
const struct vm_row vm_rows[VM_COUNT] = {
    { .name = "watched", .vcpu_count = 2, .mmio = rows, .mmio_count = 2 },
    { .name = "other", .vcpu_first = 2, .vcpu_count = 1 },
};
struct vcpu vcpus[VCPU_COUNT];
static struct vcpu *const vcpu = &vcpus[0];

static uint32_t posts;

void vgic_post(uint32_t vm, uint32_t intid)
{
    CHECK_EQ(vm, 0);
    CHECK_EQ(intid, 40);
    posts++;
}

void vcpu_request(struct vcpu *target, uint32_t requests)
{
    CHECK_EQ(requests, VCPU_REQUEST_ORDER);
    CHECK(target == vcpu);
}

static uint64_t get(uint64_t offset)
{
    return watchdog_control_ops.read(vcpu, 0, offset, 4);
}

static void set(uint64_t offset, uint64_t value)
{
    watchdog_control_ops.write(vcpu, 0, offset, 4, value);
}

static void refresh(void)
{
    watchdog_refresh_ops.write(vcpu, 0, 0, 4, 0);
}

static bool bitten(void)
{
    return vm_order_take(0) == VM_ORDER_CRASH;
}

static void begin(void)
{
    fake_reset();
    alarm_take(NULL);
    for (unsigned n = 0; n < 2; n++) {
        vcpus[n].vm_row = &vm_rows[0];
    }
    vms[0].counter_base = 0;
    vdev_start(&vm_rows[0]);
    refresh();
    (void)vm_order_take(0);
    atomic_store(&vms[0].state, VM_RUNNING);
    posts = 0;
}

/* What the timer's interrupt does, at each time it comes. */
static void pass(uint64_t ticks)
{
    for (; ticks > 0; ticks--) {
        atomic_fetch_add(&fake_time, 1);
        if (fake_cpus[0].alarm <= atomic_load(&fake_time)) {
            alarm_take(vcpu);
        }
    }
}

static void runs_from_the_start(void)
{
    begin();
    CHECK_EQ(get(WCS), EN);
    CHECK_EQ(get(WOR), HALF);
    CHECK_EQ(get(WCV), HALF);
    CHECK_EQ(get(IIDR), 0x1043b);
    CHECK_EQ(watchdog_refresh_ops.read(vcpu, 0, IIDR, 4), 0x1043b);
    pass(HALF);
    CHECK_EQ(posts, 0);
    pass(1);
    CHECK_EQ(posts, 1);
    CHECK_EQ(get(WCS), EN | WS0);
    pass(HALF);
    CHECK(!bitten());
    pass(1);
    CHECK_EQ(get(WCS), WS0 | WS1);
    CHECK(bitten());
    CHECK_EQ(posts, 1);
}

/* What bites once does not again, nor may be quieted. */
static void once_a_run(void)
{
    begin();
    pass(2 * HALF + 2);
    CHECK(bitten());
    refresh();
    set(WCS, EN);
    CHECK_EQ(get(WCS), WS0 | WS1);
    pass(5 * HALF);
    CHECK(!bitten());
    vdev_start(&vm_rows[0]);
    CHECK_EQ(get(WCS), EN | WS1); /* told to the next run */
    refresh();
    CHECK_EQ(get(WCS), EN);
    pass(2 * HALF + 2);
    CHECK(bitten());
}

static void refreshed_in_time(void)
{
    begin();
    for (unsigned n = 0; n < 10; n++) {
        pass(HALF - 1);
        refresh();
    }
    CHECK_EQ(posts, 0);
    pass(HALF + 10);
    CHECK_EQ(posts, 1);
    refresh();
    CHECK_EQ(get(WCS), EN);
    pass(HALF + 10);
    CHECK_EQ(posts, 2);
    set(WCS, EN); /* a refresh, too */
    CHECK_EQ(get(WCS), EN);
    pass(HALF + 10);
    set(WOR, HALF);
    CHECK_EQ(get(WCS), EN);
    pass(HALF + 10);
    CHECK_EQ(posts, 4);
    for (uint64_t offset = 4; offset < 0x1000; offset += 4) { /* none but WRR */
        watchdog_refresh_ops.write(vcpu, 0, offset, 4, 0);
    }
    CHECK_EQ(get(WCS), EN | WS0);
    CHECK(!bitten());
}

/* A refresh that comes too late, before any alarm could: a guest can't undo that. */
static void late_refresh(void)
{
    begin();
    pass(HALF + 1);
    atomic_fetch_add(&fake_time, HALF + 1);
    refresh();
    CHECK(bitten());
}

static void disabled(void)
{
    begin();
    set(WCS, 0);
    CHECK_EQ(get(WCS), 0);
    pass(10 * HALF);
    CHECK_EQ(posts, 0);
    set(WCS, EN);
    pass(HALF + 1);
    CHECK_EQ(posts, 1);
    set(WCS, 0);
    CHECK_EQ(get(WCS), 0);
    pass(10 * HALF);
    CHECK(!bitten());
}

static void other_times(void)
{
    begin();
    set(WOR, 0x80000010);
    set(WOR_HIGH, 0xdead0001);
    CHECK_EQ(get(WOR_HIGH), 1);
    CHECK_EQ(get(WOR), 0x80000010);
    CHECK_EQ(get(WCV), 0x80000010);
    CHECK_EQ(get(WCV_HIGH), 1);
    pass(10 * HALF);
    CHECK_EQ(posts, 0);
    set(WCV, 12 * HALF); /* an earlier end than any alarm */
    set(WCV_HIGH, 0);
    pass(2 * HALF + 1);
    CHECK_EQ(posts, 1);
    set(WCV, UINT32_MAX);
    set(WCV_HIGH, UINT32_MAX);
    pass(HALF);
    CHECK_EQ(get(WCS), EN | WS0);
    set(WOR_HIGH, 0);
    set(WOR, 0);
    pass(2);
    CHECK(bitten());
}

/* The guest's counter began later than the board's. */
static void own_counter(void)
{
    begin();
    pass(100);
    refresh();
    vms[0].counter_base = 60;
    CHECK_EQ(get(WCV), HALF + 100 - 60);
    set(WCV_HIGH, 3);
    CHECK_EQ(get(WCV), HALF + 100 - 60);
    CHECK_EQ(get(WCV_HIGH), 3);
    set(WCV_HIGH, 0);
    CHECK_EQ(get(WCV_HIGH), 0);
    set(WCV, 200);
    pass(160);
    CHECK_EQ(posts, 0);
    pass(1);
    CHECK_EQ(posts, 1);
}

static void only_while_the_vm_runs(void)
{
    begin();
    atomic_store(&vms[0].state, VM_STOPPING);
    pass(5 * HALF);
    CHECK_EQ(posts, 0);
    CHECK(!bitten());
}

static void long_times(void)
{
    begin();
    watchdog_control_ops.start(1);
    CHECK_EQ(watchdog_control_ops.read(&vcpus[2], 1, WOR, 4), UINT64_C(43200000000) & UINT32_MAX);
    CHECK_EQ(watchdog_control_ops.read(&vcpus[2], 1, WOR_HIGH, 4), UINT64_C(43200000000) >> 32);
}

int main(void)
{
    TEST(runs_from_the_start);
    TEST(once_a_run);
    TEST(refreshed_in_time);
    TEST(late_refresh);
    TEST(disabled);
    TEST(other_times);
    TEST(own_counter);
    TEST(only_while_the_vm_runs);
    TEST(long_times);
    return test_result();
}
