/* SPDX-License-Identifier: Apache-2.0 */
/* sources: vdev/vgic[.3_]*c arch/fake/[a-z]*.c tests/unit/fixture/tables.c
 * tests/unit/fixture/vcpus.c tests/unit/fixture/vgic_guest.c tests/unit/fixture/devices.c
 * tests/unit/fixture/platform.c */
#include "tests/unit/check.h"
#include "tests/unit/fixture/vgic_guest.h"
#include "vdev/sysreg.h"

/* Pending, active and priority as the guest of one vCPU sees them, with more interrupts than list
 * registers. */

#define BETA 2u
#define NONE ARCH_IRQ_SPURIOUS

/* Twenty edge SPIs, pended together, are acknowledged most urgent first; equals by INTID. */
static void drains_in_priority_order(void)
{
    guest_start(1);
    guest_dist_write(BETA, GUEST_ENABLE + 4, 4, 0x000fffff & ~0x40000u);
    guest_dist_write(BETA, GUEST_CONFIG + 8, 4, 0xaaaaaaaa);
    guest_dist_write(BETA, GUEST_CONFIG + 12, 4, 0xaaaaaaaa);
    for (uint32_t i = 0; i < 16; i++) {
        guest_priority(BETA, 32 + i, (uint8_t)(8 * ((i * 5) % 16) + 0x10));
    }
    guest_dist_write(BETA, GUEST_PEND + 4, 4, 0xffff);
    for (uint32_t level = 0; level < 16; level++) {
        uint32_t intid = guest_iar(BETA);

        CHECK_EQ(8 * (((intid - 32) * 5) % 16) + 0x10, 8 * level + 0x10);
        guest_eoi(BETA, intid);
    }
    CHECK_EQ(guest_iar(BETA), NONE);
    CHECK_EQ(guest_dist_read(BETA, GUEST_PEND + 4, 4), 0);
    CHECK(!fake_maintenance());
}

/* Nested deeper than there are list registers: each preempts, ends come in reverse. */
static void nests_deeper_than_list_registers(void)
{
    guest_start(1);
    guest_dist_write(BETA, GUEST_ENABLE + 4, 4, 0x3ff);
    for (uint32_t i = 0; i < 10; i++) {
        guest_edge(BETA, 32 + i, true);
        guest_priority(BETA, 32 + i, (uint8_t)(0xf0 - 0x10 * i));
    }
    for (uint32_t i = 0; i < 10; i++) {
        guest_set(BETA, GUEST_PEND, 32 + i);
        CHECK_EQ(guest_iar(BETA), 32 + i);
    }
    CHECK_EQ(guest_dist_read(BETA, GUEST_ACTIVATE + 4, 4), 0x3ff);
    CHECK((fake_cpus[2].lr_control & ARCH_LR_WHEN_ABSENT) != 0);
    for (uint32_t i = 10; i > 0; i--) {
        CHECK_EQ(guest_dist_read(BETA, GUEST_ACTIVATE + 4, 4), (1u << i) - 1);
        guest_eoi(BETA, 32 + i - 1);
    }
    CHECK_EQ(guest_dist_read(BETA, GUEST_ACTIVATE + 4, 4), 0);
    CHECK_EQ(fake_guest_running(), 0xff);
    CHECK_EQ(fake_cpus[2].lr_control, 0);
}

/* With EOImode = 1, deactivation comes in any order, and traps where something was left out. */
static void deactivates_in_any_order(void)
{
    static const uint32_t order[] = { 3, 5, 0, 4, 1, 2 };

    guest_start(1);
    fake_cpus[2].eoi_mode = true;
    guest_dist_write(BETA, GUEST_ENABLE + 4, 4, 0x3f);
    for (uint32_t i = 0; i < 6; i++) {
        guest_edge(BETA, 32 + i, true);
        guest_set(BETA, GUEST_PEND, 32 + i);
        CHECK_EQ(guest_iar(BETA), 32 + i);
        guest_eoi(BETA, 32 + i);
    }
    CHECK_EQ(guest_dist_read(BETA, GUEST_ACTIVATE + 4, 4), 0x3f);
    for (uint32_t i = 0, left = 0x3f; i < 6; i++) {
        guest_vcpu(BETA);
        if (!fake_guest_dir(32 + order[i])) {
            CHECK(sysreg_vgic_dir_ops.write(&vcpus[BETA], NULL, 32 + order[i]));
        }
        left &= ~(1u << order[i]);
        CHECK_EQ(guest_dist_read(BETA, GUEST_ACTIVATE + 4, 4), left);
    }
    CHECK(!sysreg_vgic_dir_ops.read(&vcpus[BETA], NULL, NULL));
}

/* A more urgent arrival takes the place of the least urgent one that waits. */
static void evicts_the_least_urgent(void)
{
    guest_start(1);
    guest_dist_write(BETA, GUEST_ENABLE + 4, 4, 0xff);
    for (uint32_t i = 0; i < 6; i++) {
        guest_edge(BETA, 32 + i, true);
    }
    guest_priority(BETA, 37, 0x20);
    guest_dist_write(BETA, GUEST_PEND + 4, 4, 0x1f);
    guest_set(BETA, GUEST_PEND, 37);
    CHECK_EQ(guest_iar(BETA), 37);
    guest_eoi(BETA, 37);
    for (uint32_t i = 0; i < 5; i++) {
        CHECK_EQ(guest_iar(BETA), 32 + i);
        guest_eoi(BETA, 32 + i);
    }
    CHECK_EQ(guest_iar(BETA), NONE);
}

static void level_follows_its_line(void)
{
    struct vcpu *vcpu;

    guest_start(1);
    vcpu = guest_vcpu(BETA);
    guest_set(BETA, GUEST_ENABLE, 33);
    vgic_set_line(vcpu, 33, true);
    CHECK(guest_get(BETA, GUEST_PEND, 33));
    guest_set(BETA, GUEST_UNPEND, 33);
    CHECK(guest_get(BETA, GUEST_PEND, 33));
    CHECK(fake_guest_irq());
    vgic_set_line(vcpu, 33, false);
    CHECK(!guest_get(BETA, GUEST_PEND, 33));
    CHECK(!fake_guest_irq());
    /* Still high at its end: again.  Low by then: not, and no maintenance interrupt. */
    vgic_set_line(vcpu, 33, true);
    CHECK_EQ(guest_iar(BETA), 33);
    CHECK(guest_get(BETA, GUEST_PEND, 33));
    CHECK(guest_get(BETA, GUEST_ACTIVATE, 33));
    CHECK_EQ(guest_iar(BETA), NONE);
    guest_vcpu(BETA);
    fake_guest_eoi(33);
    CHECK(fake_maintenance());
    CHECK_EQ(guest_iar(BETA), 33);
    vgic_set_line(vcpu, 33, false);
    fake_guest_eoi(33);
    CHECK(!fake_maintenance());
    CHECK_EQ(guest_iar(BETA), NONE);
    CHECK(!guest_get(BETA, GUEST_ACTIVATE, 33));
}

/* ISPENDR on a level interrupt: once, whatever the line does (IHI 0069 12.9.37). */
static void level_set_pending_by_hand(void)
{
    guest_start(1);
    guest_set(BETA, GUEST_ENABLE, 34);
    guest_set(BETA, GUEST_PEND, 34);
    CHECK(guest_get(BETA, GUEST_PEND, 34));
    CHECK_EQ(guest_iar(BETA), 34);
    CHECK(!guest_get(BETA, GUEST_PEND, 34));
    guest_eoi(BETA, 34);
    CHECK_EQ(guest_iar(BETA), NONE);
    guest_set(BETA, GUEST_PEND, 34);
    guest_set(BETA, GUEST_UNPEND, 34);
    CHECK_EQ(guest_iar(BETA), NONE);
}

static void edge_latches(void)
{
    struct vcpu *vcpu;

    guest_start(1);
    vcpu = guest_vcpu(BETA);
    guest_set(BETA, GUEST_ENABLE, 35);
    guest_edge(BETA, 35, true);
    vgic_set_line(vcpu, 35, true);
    vgic_set_line(vcpu, 35, false);
    vgic_set_line(vcpu, 35, true); /* two edges before it is taken are one */
    CHECK_EQ(guest_iar(BETA), 35);
    CHECK_EQ(guest_iar(BETA), NONE);
    vgic_set_line(vcpu, 35, false);
    vgic_set_line(vcpu, 35, true); /* one more while it is active: pending and active */
    CHECK(guest_get(BETA, GUEST_PEND, 35));
    CHECK(guest_get(BETA, GUEST_ACTIVATE, 35));
    CHECK_EQ(guest_iar(BETA), NONE);
    guest_vcpu(BETA);
    fake_guest_eoi(35);
    CHECK_EQ(guest_iar(BETA), 35);
    guest_eoi(BETA, 35);
    CHECK_EQ(guest_iar(BETA), NONE);
    vgic_set_line(vcpu, 35, false);
    vgic_set_line(vcpu, 35, true);
    guest_set(BETA, GUEST_UNPEND, 35);
    CHECK_EQ(guest_iar(BETA), NONE);
}

/* What waits in a list register is taken back when it is disabled, alone or with its group. */
static void disabled_is_not_delivered(void)
{
    guest_start(1);
    guest_edge(BETA, 36, true);
    guest_set(BETA, GUEST_ENABLE, 36);
    guest_set(BETA, GUEST_PEND, 36);
    CHECK(fake_guest_irq());
    guest_set(BETA, GUEST_DISABLE, 36);
    CHECK(!fake_guest_irq());
    CHECK(guest_get(BETA, GUEST_PEND, 36));
    guest_set(BETA, GUEST_ENABLE, 36);
    CHECK(fake_guest_irq());
    guest_dist_write(BETA, 0, 4, 1);
    CHECK(!fake_guest_irq());
    guest_dist_write(BETA, GUEST_GROUP + 4, 4, 0);
    CHECK_EQ(fake_guest_iar(), NONE);
    CHECK_EQ(fake_guest_iar0(), 36);
    guest_vcpu(BETA);
    fake_guest_eoi0(36);
    guest_exit(BETA);
    CHECK(!guest_get(BETA, GUEST_ACTIVATE, 36));
}

static void active_by_hand(void)
{
    guest_start(1);
    guest_edge(BETA, 37, true);
    guest_set(BETA, GUEST_ENABLE, 37);
    guest_set(BETA, GUEST_ACTIVATE, 37);
    guest_set(BETA, GUEST_PEND, 37);
    CHECK_EQ(guest_iar(BETA), NONE);
    guest_set(BETA, GUEST_DEACTIVATE, 37);
    CHECK_EQ(guest_iar(BETA), 37);
    guest_set(BETA, GUEST_DEACTIVATE, 37);
    CHECK(!guest_get(BETA, GUEST_ACTIVATE, 37));
    guest_eoi(BETA, 37);
    CHECK_EQ(fake_guest_running(), 0xff);
    /* That end counted as one of an absent interrupt; nobody else may pay for it. */
    guest_dist_write(BETA, GUEST_ACTIVATE + 4, 4, 0x1f);
    guest_exit(BETA);
    CHECK_EQ(guest_dist_read(BETA, GUEST_ACTIVATE + 4, 4), 0x1f);
}

/* A new priority takes effect on what waits already. */
static void priority_change(void)
{
    guest_start(1);
    guest_dist_write(BETA, GUEST_ENABLE + 4, 4, 0x3f);
    guest_dist_write(BETA, GUEST_PEND + 4, 4, 0x3f);
    guest_priority(BETA, 37, 0x08);
    guest_priority(BETA, 35, 0x10);
    CHECK_EQ(guest_iar(BETA), 37);
    guest_eoi(BETA, 37);
    CHECK_EQ(guest_iar(BETA), 35);
}

/* One list register is enough for everything. */
static void single_list_register(void)
{
    guest_start(1);
    fake_lr_count = 1;
    guest_dist_write(BETA, GUEST_ENABLE + 4, 4, 0x7);
    for (uint32_t i = 0; i < 3; i++) {
        guest_priority(BETA, 32 + i, (uint8_t)(0x80 - 8 * i));
        guest_set(BETA, GUEST_PEND, 32 + i);
        CHECK_EQ(guest_iar(BETA), 32 + i);
    }
    for (uint32_t i = 3; i > 0; i--) {
        guest_eoi(BETA, 32 + i - 1);
        CHECK_EQ(guest_dist_read(BETA, GUEST_ACTIVATE + 4, 4), (1u << (i - 1)) - 1);
    }
}

int main(void)
{
    TEST(drains_in_priority_order);
    TEST(nests_deeper_than_list_registers);
    TEST(deactivates_in_any_order);
    TEST(evicts_the_least_urgent);
    TEST(level_follows_its_line);
    TEST(level_set_pending_by_hand);
    TEST(edge_latches);
    TEST(disabled_is_not_delivered);
    TEST(active_by_hand);
    TEST(priority_change);
    TEST(single_list_register);
    return test_result();
}
