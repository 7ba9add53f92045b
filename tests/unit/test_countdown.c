/* SPDX-License-Identifier: Apache-2.0 */
/* sources: vdev/countdown.c vdev/alarm.c vdev/vdev.c arch/fake/[a-z]*.c
 * tests/unit/fixture/platform.c */
#include <devices.h>

#include "arch/fake/fake.h"
#include "tests/unit/check.h"
#include "vdev/alarm.h"
#include "vdev/vgic.h"

#define LOAD 0x04
#define VALUE 0x08
#define STATUS 0x0c
#define SCRATCH 0x10

/* Time in the fake is 1 MHz. */
const struct countdown_row countdown_rows[COUNTDOWN_COUNT] = {
    { .vm = 0, .intid = 40, .hz = 1000000 },
    { .vm = 0, .intid = 0, .hz = 1000 },
};

static const struct mmio_row rows[] = {
    { .base = GPA(0x1000), .size = 0x1000, .ops = &countdown_ops, .instance = 0 },
    { .base = GPA(0x2000), .size = 0x1000, .ops = &countdown_ops, .instance = 1 },
};
const struct vm_row vm_rows[VM_COUNT] = { { .vcpu_count = 2, .mmio = rows, .mmio_count = 2 } };
static struct vcpu vcpu = { .vm_row = &vm_rows[0] };

static uint32_t posts;

void vgic_post(uint32_t vm, uint32_t intid)
{
    CHECK_EQ(vm, 0);
    CHECK_EQ(intid, 40);
    posts++;
}

static uint64_t get(uint32_t instance, uint64_t offset)
{
    return countdown_ops.read(&vcpu, instance, offset, 4);
}

static void set(uint32_t instance, uint64_t offset, uint64_t value)
{
    countdown_ops.write(&vcpu, instance, offset, 4, value);
}

static void begin(void)
{
    fake_reset();
    alarm_take(NULL);
    vdev_reset(&vm_rows[0]);
    posts = 0;
}

/* What the timer's interrupt does, where its time has come. */
static void pass(uint64_t ticks)
{
    atomic_fetch_add(&fake_time, ticks);
    if (fake_cpus[0].alarm <= atomic_load(&fake_time)) {
        alarm_take(&vcpu);
    }
}

static void counts_at_its_rate(void)
{
    begin();
    CHECK_EQ(get(0, 0), 0x434e5444);
    set(0, LOAD, 100);
    set(1, LOAD, 3);
    pass(40);
    CHECK_EQ(get(0, LOAD), 100);
    CHECK_EQ(get(0, VALUE), 60);
    CHECK_EQ(get(1, VALUE), 3); /* the third count of 1 ms has begun */
    pass(1960);
    CHECK_EQ(get(1, VALUE), 1);
    pass(1000);
    CHECK_EQ(get(1, VALUE), 0);
    CHECK_EQ(get(1, STATUS), 1);
}

static void zero_interrupts_once(void)
{
    begin();
    set(0, LOAD, 100);
    pass(99);
    CHECK_EQ(posts, 0);
    CHECK_EQ(get(0, STATUS), 0);
    pass(1);
    CHECK_EQ(posts, 1);
    CHECK_EQ(get(0, STATUS), 1);
    CHECK_EQ(get(0, VALUE), 0);
    pass(1000);
    CHECK_EQ(posts, 1);
    set(0, STATUS, 1);
    CHECK_EQ(get(0, STATUS), 0);
}

/* The guest may look before the alarm is taken. */
static void a_look_finds_zero(void)
{
    begin();
    set(0, LOAD, 10);
    atomic_fetch_add(&fake_time, 10);
    CHECK_EQ(get(0, STATUS), 1);
    CHECK_EQ(posts, 1);
    alarm_take(&vcpu);
    CHECK_EQ(posts, 1);
}

static void two_share_the_alarm(void)
{
    begin();
    set(1, LOAD, 2); /* at 2000 */
    CHECK_EQ(fake_cpus[0].alarm, 2000);
    set(0, LOAD, 500);
    CHECK_EQ(fake_cpus[0].alarm, 500);
    set(0, LOAD, 700); /* a later time leaves the alarm as it is */
    CHECK_EQ(fake_cpus[0].alarm, 500);
    pass(500);
    CHECK_EQ(posts, 0);
    CHECK_EQ(fake_cpus[0].alarm, 700);
    pass(200);
    CHECK_EQ(posts, 1);
    CHECK_EQ(fake_cpus[0].alarm, 2000);
    pass(1300);
    CHECK_EQ(get(1, STATUS), 1);
    CHECK_EQ(posts, 1); /* it has no interrupt */
    CHECK_EQ(fake_cpus[0].alarm, UINT64_MAX);
}

static void stopped_or_reset_never_reaches_zero(void)
{
    begin();
    set(0, LOAD, 10);
    set(0, LOAD, 0);
    pass(20);
    CHECK_EQ(get(0, STATUS), 0);
    set(0, LOAD, 10);
    set(0, SCRATCH, 0x12345678);
    CHECK_EQ(get(0, SCRATCH), 0x12345678);
    vdev_reset(&vm_rows[0]);
    pass(20);
    CHECK_EQ(posts, 0);
    CHECK_EQ(get(0, STATUS), 0);
    CHECK_EQ(get(0, LOAD), 0);
    CHECK_EQ(get(0, SCRATCH), 0);
}

static void the_longest_count_does_not_overflow(void)
{
    begin();
    set(0, LOAD, UINT32_MAX);
    set(1, LOAD, UINT32_MAX);
    CHECK_EQ(get(0, VALUE), UINT32_MAX);
    CHECK_EQ(get(1, VALUE), UINT32_MAX);
}

/* Where a guest holds the CPU interface, exits look at the time (CONFIG_STOP_NEXT_EXIT). */
static void time_is_looked_at(void)
{
    begin();
    alarm_poll(&vcpu); /* nothing is asked for */
    CHECK_EQ(fake_cpus[0].alarm, UINT64_MAX);
    set(0, LOAD, 100);
    atomic_fetch_add(&fake_time, 99);
    alarm_poll(&vcpu);
    CHECK_EQ(posts, 0);
    CHECK_EQ(fake_cpus[0].alarm, atomic_load(&fake_time) + 1);
    atomic_fetch_add(&fake_time, 1);
    alarm_poll(&vcpu);
    CHECK_EQ(posts, 1);
    CHECK_EQ(fake_cpus[0].alarm, UINT64_MAX);
    fake_cpus[0].alarm = 7;
    alarm_poll(&vcpu); /* nothing is asked for any more */
    CHECK_EQ(posts, 1);
    CHECK_EQ(fake_cpus[0].alarm, 7);
}

int main(void)
{
    TEST(counts_at_its_rate);
    TEST(zero_interrupts_once);
    TEST(a_look_finds_zero);
    TEST(two_share_the_alarm);
    TEST(stopped_or_reset_never_reaches_zero);
    TEST(the_longest_count_does_not_overflow);
    TEST(time_is_looked_at);
    return test_result();
}
