/* SPDX-License-Identifier: Apache-2.0 */
/* sources: vdev/timer.c arch/fake/[a-z]*.c */
#include "arch/fake/fake.h"
#include "tests/unit/check.h"
#include "vdev/timer.h"
#include "vdev/vm.h"

#define BASE UINT64_C(1000)

const struct vm_row vm_rows[VM_COUNT];
struct vm vms[VM_COUNT];

static struct vcpu vcpu = { .vm = 1, .index = 2 };

static uint64_t get(enum timer_register which)
{
    struct sysreg_row row = { .value = (uint16_t)which };
    uint64_t value = 0;

    CHECK(timer_ops.read(&vcpu, &row, &value));
    return value;
}

static bool set(enum timer_register which, uint64_t value)
{
    struct sysreg_row row = { .value = (uint16_t)which };

    return timer_ops.write(&vcpu, &row, value);
}

static void begin(void)
{
    vms[1].counter_base = BASE;
    atomic_store(&fake_time, BASE + 50);
    timer_vcpu_reset(&vcpu);
}

static void counter_starts_with_the_vm(void)
{
    begin();
    CHECK_EQ(get(TIMER_CNTPCT), 50);
    CHECK(!set(TIMER_CNTPCT, 1));
}

/* Whatever the last run left. */
static void each_run_begins_with_the_timer_off(void)
{
    begin();
    CHECK(set(TIMER_CNTP_CVAL, 70));
    CHECK(set(TIMER_CNTP_CTL, 3));
    CHECK_EQ(fake_guest_timer.control, 3);
    timer_vcpu_reset(&vcpu);
    CHECK_EQ(fake_guest_timer.control, 0);
    CHECK_EQ(fake_guest_timer.compare, BASE);
}

static void compare_value_moves_by_the_base(void)
{
    begin();
    CHECK_EQ(get(TIMER_CNTP_CVAL), 0);
    CHECK_EQ(fake_guest_timer.compare, BASE);
    CHECK(set(TIMER_CNTP_CVAL, 70));
    CHECK_EQ(fake_guest_timer.compare, BASE + 70);
    CHECK_EQ(get(TIMER_CNTP_CVAL), 70);
    CHECK_EQ(get(TIMER_CNTP_TVAL), 20);
}

/* With the base added it would wrap around and be reached at once. */
static void what_is_never_reached_stays_so(void)
{
    begin();
    CHECK(set(TIMER_CNTP_CVAL, UINT64_MAX - 5));
    CHECK_EQ(fake_guest_timer.compare, UINT64_MAX);
    CHECK_EQ(get(TIMER_CNTP_CVAL), UINT64_MAX - 5);
}

static void timer_value_is_signed_and_relative(void)
{
    begin();
    CHECK(set(TIMER_CNTP_TVAL, 30));
    CHECK_EQ(fake_guest_timer.compare, BASE + 80);
    CHECK(set(TIMER_CNTP_TVAL, 0xffffffec)); /* -20 */
    CHECK_EQ(fake_guest_timer.compare, BASE + 30);
    CHECK_EQ(get(TIMER_CNTP_TVAL), 0xffffffec);
}

static void status_is_read_only(void)
{
    begin();
    CHECK(set(TIMER_CNTP_CTL, 7));
    CHECK_EQ(fake_guest_timer.control, 3);
    CHECK_EQ(get(TIMER_CNTP_CTL), 3);
}

int main(void)
{
    TEST(counter_starts_with_the_vm);
    TEST(each_run_begins_with_the_timer_off);
    TEST(compare_value_moves_by_the_base);
    TEST(what_is_never_reached_stays_so);
    TEST(timer_value_is_signed_and_relative);
    TEST(status_is_read_only);
    return test_result();
}
