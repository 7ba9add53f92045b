/* SPDX-License-Identifier: Apache-2.0 */
/* sources: vdev/vdev.c */
#include "gen/rows.h"
#include "tests/unit/check.h"
#include "vdev/vcpu.h"
#include "vdev/vdev.h"

static uint32_t resets[4]; /* by instance */

static void count_reset(uint32_t instance)
{
    resets[instance]++;
}

static const struct vdev_ops plain_ops = { .name = "plain" };
static const struct vdev_ops counting_ops = { .name = "counting", .reset = count_reset };

static void every_row_with_a_reset_gets_it(void)
{
    static const struct mmio_row rows[] = {
        { .base = GPA(0x1000), .size = 0x1000, .ops = &counting_ops, .instance = 1 },
        { .base = GPA(0x2000), .size = 0x1000, .ops = &plain_ops, .instance = 2 },
        { .base = GPA(0x3000), .size = 0x1000, .ops = &counting_ops, .instance = 3 },
    };
    static const struct port_row ports[] = {
        { .base = 0x60, .size = 1, .ops = &counting_ops, .instance = 0 },
        { .base = 0x70, .size = 2, .ops = &plain_ops, .instance = 2 },
    };
    const struct vm_row vm = { .mmio = rows, .mmio_count = 3, .port = ports, .port_count = 2 };

    vdev_reset(&vm);
    CHECK_EQ(resets[0], 1);
    CHECK_EQ(resets[1], 1);
    CHECK_EQ(resets[2], 0);
    CHECK_EQ(resets[3], 1);
}

static uint32_t starts[4]; /* by instance */

static void count_start(uint32_t instance)
{
    starts[instance]++;
}

static const struct vdev_ops starting_ops = { .name = "starting", .start = count_start };

static void a_start_is_told_to_all_who_ask(void)
{
    static const struct mmio_row rows[] = {
        { .base = GPA(0x1000), .size = 0x1000, .ops = &starting_ops, .instance = 1 },
        { .base = GPA(0x2000), .size = 0x1000, .ops = &plain_ops, .instance = 2 },
    };
    static const struct port_row ports[] = {
        { .base = 0x70, .size = 2, .ops = &starting_ops, .instance = 3 },
    };
    const struct vm_row vm = { .mmio = rows, .mmio_count = 2, .port = ports, .port_count = 1 };

    vdev_start(&vm);
    CHECK_EQ(starts[1], 1);
    CHECK_EQ(starts[2], 0);
    CHECK_EQ(starts[3], 1);
}

static uint32_t alarms[4]; /* by instance */
static struct vcpu *alarmed;

static uint32_t polls[4];

static void count_poll(struct vcpu *vcpu, uint32_t instance)
{
    alarmed = vcpu;
    polls[instance]++;
}

static void count_alarm(struct vcpu *vcpu, uint32_t instance)
{
    alarmed = vcpu;
    alarms[instance]++;
}

static const struct vdev_ops waiting_ops = { .name = "waiting",
                                             .alarm = count_alarm,
                                             .poll = count_poll };

static void a_time_is_told_to_all_who_may_wait(void)
{
    static const struct mmio_row rows[] = {
        { .base = GPA(0x1000), .size = 0x1000, .ops = &waiting_ops, .instance = 2 },
        { .base = GPA(0x2000), .size = 0x1000, .ops = &plain_ops, .instance = 1 },
        { .base = GPA(0x3000), .size = 0x1000, .ops = &waiting_ops, .instance = 0 },
    };
    static const struct port_row ports[] = {
        { .base = 0x60, .size = 1, .ops = &waiting_ops, .instance = 3 },
        { .base = 0x70, .size = 2, .ops = &plain_ops, .instance = 1 },
    };
    const struct vm_row vm = { .mmio = rows, .mmio_count = 3, .port = ports, .port_count = 2 };
    struct vcpu vcpu = { .vm_row = &vm };

    vdev_alarm(&vcpu);
    CHECK_EQ(alarms[0], 1);
    CHECK_EQ(alarms[1], 0);
    CHECK_EQ(alarms[2], 1);
    CHECK_EQ(alarms[3], 1);
    CHECK(alarmed == &vcpu);
    alarmed = NULL;
    vdev_poll(&vcpu);
    CHECK_EQ(polls[0] + polls[2], 2);
    CHECK_EQ(polls[1] + polls[3], 0); /* no UART has ports */
    CHECK(alarmed == &vcpu);
}

int main(void)
{
    TEST(a_start_is_told_to_all_who_ask);
    TEST(a_time_is_told_to_all_who_may_wait);
    TEST(every_row_with_a_reset_gets_it);
    return test_result();
}
