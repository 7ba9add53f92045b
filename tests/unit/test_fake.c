/* SPDX-License-Identifier: Apache-2.0 */
/* sources: arch/fake/[a-z]*.c */
#include "arch/fake/fake.h"
#include "tests/unit/check.h"

/* The host model itself, where the other tests rely on it. */

const struct vm_row vm_rows[VM_COUNT];

static uint64_t lr_pending(uint32_t intid, uint32_t priority)
{
    return (UINT64_C(5) << 60) | ((uint64_t)priority << 48) | intid;
}

static void priorities_nest(void)
{
    fake_reset();
    arch_lr_set(0, lr_pending(40, 0xa0));
    arch_lr_set(1, lr_pending(41, 0x80));
    CHECK_EQ(fake_guest_iar(), 41);
    CHECK_EQ(fake_guest_running(), 0x80);
    CHECK_EQ(fake_guest_iar(), ARCH_IRQ_SPURIOUS);
    arch_lr_set(2, lr_pending(42, 0x10));
    CHECK_EQ(fake_guest_iar(), 42);
    fake_guest_eoi(42);
    CHECK_EQ(fake_guest_running(), 0x80);
    fake_guest_eoi(41);
    CHECK_EQ(fake_guest_iar(), 40);
    fake_cpus[0].priority_mask = 0x50;
    arch_lr_set(3, lr_pending(43, 0x50));
    CHECK(!fake_guest_irq());
}

static void absent_eoi_counts(void)
{
    fake_reset();
    arch_lr_set(0, lr_pending(40, 0xa0));
    CHECK_EQ(fake_guest_iar(), 40);
    arch_lr_set(0, 0);
    arch_lr_control(ARCH_LR_WHEN_ABSENT);
    CHECK(!fake_maintenance());
    fake_guest_eoi(40);
    CHECK(fake_maintenance());
    CHECK_EQ(arch_lr_eoi_count(), 1);
    CHECK(!fake_maintenance());
}

static void physical_level_returns(void)
{
    fake_reset();
    arch_irq_route(48, 0);
    arch_irq_enable(1, 1u << 16);
    fake_irq_line(48, true);
    CHECK_EQ(arch_irq_ack(), 48);
    CHECK_EQ(arch_irq_ack(), ARCH_IRQ_SPURIOUS);
    arch_irq_deactivate(48);
    CHECK_EQ(arch_irq_ack(), 48);
    fake_irq_line(48, false);
    arch_irq_deactivate(48);
    CHECK_EQ(arch_irq_ack(), ARCH_IRQ_SPURIOUS);
}

int main(void)
{
    TEST(priorities_nest);
    TEST(absent_eoi_counts);
    TEST(physical_level_returns);
    return test_result();
}
