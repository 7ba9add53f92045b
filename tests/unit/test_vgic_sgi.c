/* SPDX-License-Identifier: Apache-2.0 */
/* sources: vdev/vgic[.3_]*c arch/fake/[a-z]*.c tests/unit/fixture/tables.c
 * tests/unit/fixture/vcpus.c tests/unit/fixture/vgic_guest.c tests/unit/fixture/devices.c
 * tests/unit/fixture/platform.c */
#include "tests/unit/check.h"
#include "tests/unit/fixture/vgic_guest.h"
#include "vdev/sysreg.h"

/* SGIs between the vCPUs of VM 2 (affinities 0.0.0.0, 0.0.0.17, 80.4.3.18), and interrupts from
 * outside by the inbox. */

#define FIRST 3u
#define NONE ARCH_IRQ_SPURIOUS
#define SGI(n) ((uint64_t)(n) << 24)
#define TO(list) ((uint64_t)(list))
#define RANGE(n) ((uint64_t)(n) << 44)
#define BUT_SELF (UINT64_C(1) << 40)
/* Aff3.Aff2.Aff1 of the third vCPU. */
#define FAR (UINT64_C(0x50) << 48 | UINT64_C(0x04) << 32 | UINT64_C(0x03) << 16)

static void start(void)
{
    guest_start(2);
    for (uint32_t i = 0; i < 3; i++) {
        guest_redist_write(FIRST + i, i, 0x10000 + GUEST_ENABLE, 4, 0xffff);
    }
}

/* Sends from vCPU `from`, and tells which vCPUs get it, as a bitmap. */
static uint32_t receivers(uint32_t from, uint64_t sgi1r)
{
    uint32_t got = 0;

    vgic_send_sgi(guest_vcpu(FIRST + from), sgi1r, true);
    for (uint32_t i = 0; i < 3; i++) {
        uint32_t intid = guest_iar(FIRST + i);

        if (intid != NONE) {
            CHECK_EQ(intid, sgi1r >> 24 & 0xf);
            guest_eoi(FIRST + i, intid);
            got |= 1u << i;
        }
        CHECK_EQ(guest_iar(FIRST + i), NONE);
    }
    return got;
}

static void targets(void)
{
    start();
    CHECK_EQ(receivers(0, SGI(0) | TO(1)), 1);
    CHECK_EQ(receivers(1, SGI(5) | TO(1)), 1);
    CHECK_EQ(receivers(0, SGI(15) | RANGE(1) | TO(2)), 2);
    CHECK_EQ(receivers(1, SGI(15) | RANGE(1) | TO(2)), 2);
    CHECK_EQ(receivers(0, SGI(3) | TO(2)), 0);
    CHECK_EQ(receivers(0, SGI(3) | RANGE(1) | TO(0xffff)), 2);
    CHECK_EQ(receivers(0, SGI(3) | RANGE(2) | TO(0xffff)), 0);
    CHECK_EQ(receivers(0, SGI(3) | FAR | RANGE(1) | TO(4)), 4);
    CHECK_EQ(receivers(0, SGI(3) | FAR | TO(4)), 0);
    CHECK_EQ(receivers(2, SGI(3) | (FAR ^ UINT64_C(1) << 48) | RANGE(1) | TO(4)), 0);
    CHECK_EQ(receivers(2, SGI(3) | (FAR ^ UINT64_C(1) << 32) | RANGE(1) | TO(4)), 0);
    CHECK_EQ(receivers(2, SGI(3) | (FAR ^ UINT64_C(1) << 16) | RANGE(1) | TO(4)), 0);
}

static void all_but_self(void)
{
    start();
    CHECK_EQ(receivers(0, SGI(1) | BUT_SELF), 6);
    CHECK_EQ(receivers(1, SGI(1) | BUT_SELF | TO(0xffff)), 5);
    CHECK_EQ(receivers(2, SGI(1) | BUT_SELF), 3);
}

/* Nothing of it leaves the VM. */
static void stays_inside(void)
{
    start();
    vgic_send_sgi(guest_vcpu(FIRST), SGI(1) | BUT_SELF, true);
    CHECK_EQ(fake_calls(FAKE_CALL_IPI), 2);
    CHECK(fake_called(FAKE_CALL_IPI, 4, 0));
    CHECK(fake_called(FAKE_CALL_IPI, 5, 0));
}

/* ICC_SGI0R and ICC_ASGI1R only reach what the target has in group 0; ICC_SGI1R reaches both. */
static void groups(void)
{
    const struct sysreg_row sgi1r = { .value = 1 };
    const struct sysreg_row sgi0r = { .value = 0 };
    struct vcpu *vcpu;

    start();
    vcpu = guest_vcpu(FIRST);
    CHECK(sysreg_vgic_sgi_ops.write(vcpu, &sgi0r, SGI(4) | TO(1)));
    CHECK_EQ(guest_iar(FIRST), NONE);
    guest_redist_write(FIRST, 0, 0x10000 + GUEST_GROUP, 4, ~(1u << 4));
    CHECK(sysreg_vgic_sgi_ops.write(vcpu, &sgi0r, SGI(4) | TO(1)));
    CHECK_EQ(fake_guest_iar0(), 4);
    fake_guest_eoi0(4);
    CHECK(sysreg_vgic_sgi_ops.write(vcpu, &sgi1r, SGI(4) | TO(1)));
    CHECK_EQ(fake_guest_iar0(), 4);
    fake_guest_eoi0(4);
    CHECK(sysreg_vgic_sgi_ops.write(vcpu, &sgi1r, SGI(6) | TO(1)));
    CHECK_EQ(fake_guest_iar(), 6);
    CHECK(!sysreg_vgic_sgi_ops.read(vcpu, &sgi1r, NULL));
}

/* Two before it is taken are one; one while it is active comes after its end. */
static void collapses(void)
{
    start();
    vgic_send_sgi(guest_vcpu(FIRST), SGI(2) | RANGE(1) | TO(2), true);
    vgic_send_sgi(guest_vcpu(FIRST), SGI(2) | RANGE(1) | TO(2), true);
    guest_exit(FIRST + 1);
    vgic_send_sgi(guest_vcpu(FIRST), SGI(2) | RANGE(1) | TO(2), true);
    CHECK_EQ(guest_iar(FIRST + 1), 2);
    vgic_send_sgi(guest_vcpu(FIRST), SGI(2) | RANGE(1) | TO(2), true);
    CHECK_EQ(guest_iar(FIRST + 1), NONE);
    guest_eoi(FIRST + 1, 2);
    CHECK_EQ(guest_iar(FIRST + 1), 2);
    guest_eoi(FIRST + 1, 2);
    CHECK_EQ(guest_iar(FIRST + 1), NONE);
}

/* To a vCPU that is off: pending when it comes. */
static void waits_for_power(void)
{
    start();
    vgic_vcpu_park(guest_vcpu(FIRST + 1));
    vgic_send_sgi(guest_vcpu(FIRST), SGI(2) | RANGE(1) | TO(2), true);
    vgic_vcpu_reset(guest_vcpu(FIRST + 1));
    CHECK_EQ(guest_iar(FIRST + 1), 2);
}

static void set_pending_by_register(void)
{
    start();
    guest_redist_write(FIRST, 1, 0x10000 + GUEST_PEND, 4, 1u << 7);
    CHECK_EQ(guest_iar(FIRST + 1), 7);
}

static void posted(void)
{
    start();
    guest_set(FIRST, GUEST_ENABLE, 70);
    guest_edge(FIRST, 70, true);
    guest_route(FIRST, 70, 0x11);
    guest_exit(FIRST + 1);
    fake_cpu_select(0); /* a CPU of another VM */
    fake_calls_clear();
    vgic_post(2, 70);
    CHECK_EQ(fake_calls(FAKE_CALL_IPI), 1);
    CHECK(fake_called(FAKE_CALL_IPI, 4, 0));
    CHECK_EQ(guest_iar(FIRST), NONE);
    CHECK_EQ(guest_iar(FIRST + 1), 70);
    guest_eoi(FIRST + 1, 70);
    CHECK_EQ(guest_iar(FIRST + 1), NONE);
}

/* The route moves after the post: the new vCPU gets it, even if the old one is off. */
static void posted_and_rerouted(void)
{
    start();
    guest_set(FIRST, GUEST_ENABLE, 70);
    guest_edge(FIRST, 70, true);
    guest_route(FIRST, 70, 0x11);
    vgic_vcpu_park(guest_vcpu(FIRST + 1));
    vgic_post(2, 70);
    CHECK_EQ(guest_iar(FIRST), NONE);
    guest_route(FIRST, 70, UINT64_C(0x5000040312));
    CHECK_EQ(guest_iar(FIRST + 2), 70);
    guest_eoi(FIRST + 2, 70);
    vgic_vcpu_reset(guest_vcpu(FIRST + 1));
    CHECK_EQ(guest_iar(FIRST + 1), NONE);
}

/* Routed to nobody it waits; there is no "any" (IRM is RES0, since No1N = 1). */
static void routed_to_nobody(void)
{
    start();
    guest_set(FIRST, GUEST_ENABLE, 71);
    guest_edge(FIRST, 71, true);
    guest_route(FIRST, 71, 0x99);
    vgic_post(2, 71);
    for (uint32_t i = 0; i < 3; i++) {
        CHECK_EQ(guest_iar(FIRST + i), NONE);
    }
    CHECK(guest_get(FIRST, GUEST_PEND, 71));
    guest_route(FIRST, 71, UINT64_C(1) << 31 | 0x11);
    CHECK_EQ(guest_iar(FIRST), NONE);
    CHECK_EQ(guest_iar(FIRST + 1), 71);
}

/* A device's line handled on one vCPU, its interrupt routed to another. */
static void line_from_elsewhere(void)
{
    start();
    guest_set(FIRST, GUEST_ENABLE, 33);
    guest_route(FIRST, 33, 0x11);
    vgic_set_line(guest_vcpu(FIRST), 33, true);
    CHECK_EQ(guest_iar(FIRST), NONE);
    CHECK_EQ(guest_iar(FIRST + 1), 33);
    guest_eoi(FIRST + 1, 33);
    guest_exit(FIRST + 1);
    CHECK(fake_guest_irq());
    vgic_set_line(guest_vcpu(FIRST), 33, false);
    CHECK_EQ(guest_iar(FIRST + 1), NONE);
}

int main(void)
{
    TEST(targets);
    TEST(all_but_self);
    TEST(stays_inside);
    TEST(groups);
    TEST(collapses);
    TEST(waits_for_power);
    TEST(set_pending_by_register);
    TEST(posted);
    TEST(posted_and_rerouted);
    TEST(routed_to_nobody);
    TEST(line_from_elsewhere);
    return test_result();
}
