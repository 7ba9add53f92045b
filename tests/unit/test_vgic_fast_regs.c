/* SPDX-License-Identifier: Apache-2.0 */
/* sources: vdev/vgic[.3_]*c arch/fake/[a-z]*.c tests/unit/fixture/tables.c
 * tests/unit/fixture/vcpus.c tests/unit/fixture/vgic_guest.c tests/unit/fixture/devices.c
 * tests/unit/fixture/platform.c */
#include "tests/unit/check.h"
#include "tests/unit/fixture/vgic_guest.h"
#include "vdev/vgic_state.h"

/* Which registers of the GICv3 are answered by short ways (vdev/vgic3_fast.c), and when they are
 * declined: then nothing has changed.  VM 0, whose vCPU 1 is off unless said: it owns the emulated
 * SPIs 33 and 40 and the linked 48, 49 and 60.  tests/unit/test_vgic_regs.c has the values. */

#define EMULATED 33u
#define LINKED 48u
#define TIMER 27u
#define SGI_FRAME UINT64_C(0x10000)
#define OTHER UINT64_C(0x20000) /* the other vCPU's redistributor */
#define TYPER 0x4u
#define ROUTER(intid) (GUEST_ROUTER + UINT64_C(8) * (intid))
#define BIT(intid) (1u << (intid) % 32)

static int64_t dist_read(uint64_t offset, uint32_t width)
{
    return vgic_dist_ops.fast_read(guest_vcpu(0), NULL, offset, width);
}

static bool dist_write(uint64_t offset, uint32_t width, uint64_t value)
{
    return vgic_dist_ops.fast_write(guest_vcpu(0), NULL, offset, width, value);
}

static int64_t redist_read(uint64_t offset, uint32_t width)
{
    return vgic_redist_ops.fast_read(guest_vcpu(0), NULL, offset, width);
}

static bool redist_write(uint64_t offset, uint32_t width, uint64_t value)
{
    return vgic_redist_ops.fast_write(guest_vcpu(0), NULL, offset, width, value);
}

static void start(void)
{
    guest_start(0);
    vgic_vcpu_park(guest_vcpu(1));
    guest_vcpu(0);
}

static void reads(void)
{
    start();
    guest_dist_write(0, GUEST_ENABLE + 4, 4, BIT(EMULATED));
    CHECK_EQ(dist_read(0, FAST_4), 0x53);
    CHECK_EQ(dist_read(TYPER, FAST_4), 0x07480002);
    CHECK_EQ(dist_read(GUEST_GROUP + 8, FAST_4), UINT32_MAX);
    CHECK_EQ(dist_read(GUEST_ENABLE + 4, FAST_4), BIT(EMULATED));
    CHECK_EQ(dist_read(GUEST_DISABLE + 4, FAST_4), BIT(EMULATED));
    CHECK_EQ(dist_read(GUEST_ENABLE + 4, FAST_8), -1);
    CHECK_EQ(dist_read(GUEST_ENABLE, FAST_4), -1);      /* private */
    CHECK_EQ(dist_read(GUEST_ENABLE + 12, FAST_4), -1); /* beyond 64 SPIs */
    CHECK_EQ(dist_read(GUEST_PEND + 4, FAST_4), -1);
    CHECK_EQ(dist_read(ROUTER(EMULATED), FAST_8), -1);
    CHECK_EQ(redist_read(8, FAST_8), 0);
    CHECK_EQ(redist_read(8, FAST_4), 0);
    CHECK_EQ(redist_read(0xc, FAST_4), 0);
    CHECK_EQ(redist_read(0x14, FAST_4), 6);
    CHECK_EQ(redist_read(SGI_FRAME + GUEST_GROUP, FAST_4), UINT32_MAX);
    CHECK_EQ(redist_read(SGI_FRAME + GUEST_GROUP, FAST_8), -1);
    CHECK_EQ(redist_read(SGI_FRAME + GUEST_GROUP + 4, FAST_4), -1);
    CHECK_EQ(redist_read(OTHER + SGI_FRAME + GUEST_GROUP, FAST_4), -1);
    CHECK_EQ(redist_read(OTHER + 0x14, FAST_4), -1);
    CHECK_EQ(redist_read(0x10, FAST_4), -1);
}

/* GICR_TYPER of the third vCPU of VM 2: affinity, number, Last (IHI 0069 12.11). */
static void redistributor_of_another_vcpu(void)
{
    const uint64_t at = 2 * OTHER + 8;
    struct vcpu *third;

    guest_start(2);
    third = guest_vcpu(5);
    CHECK_EQ(vgic_redist_ops.fast_read(third, NULL, at, FAST_8), UINT64_C(0x5004031200000210));
    CHECK_EQ(vgic_redist_ops.fast_read(third, NULL, at, FAST_4), 0x210);
    CHECK_EQ(vgic_redist_ops.fast_read(third, NULL, at + 4, FAST_4), 0x50040312);
    CHECK_EQ(vgic_redist_ops.fast_read(third, NULL, 8, FAST_8), -1);
}

/* Of a VM with several vCPUs; with one there is nobody to lock out. */
static void held_lock_is_not_waited_for(void)
{
    start();
    guest_route(0, EMULATED, 1);
    lock_take(&vgics[0].lock);
    CHECK(!dist_write(GUEST_ENABLE + 4, FAST_4, BIT(EMULATED)));
    CHECK(!dist_write(GUEST_GROUP + 4, FAST_4, 0));
    CHECK(!dist_write(GUEST_PRIORITY + 32, FAST_4, 0));
    CHECK(!dist_write(ROUTER(EMULATED), FAST_8, 1));
    CHECK(!dist_write(0, FAST_4, 1));
    CHECK(!redist_write(SGI_FRAME + GUEST_ENABLE, FAST_4, 1));
    CHECK(!redist_write(SGI_FRAME + GUEST_ENABLE, FAST_4, BIT(TIMER)));
    CHECK(!redist_write(SGI_FRAME + GUEST_PRIORITY, FAST_4, 0));
    CHECK_EQ(dist_read(GUEST_ENABLE + 4, FAST_4), 0);
    CHECK_EQ(dist_read(GUEST_GROUP + 4, FAST_4), UINT32_MAX);
    CHECK_EQ(redist_read(SGI_FRAME + GUEST_ENABLE, FAST_4), 0);
    CHECK_EQ(dist_read(0, FAST_4), 0x53);
    CHECK(dist_write(0, FAST_4, 3)); /* changes nothing */
    CHECK(dist_write(GUEST_GROUP + 4, FAST_4, UINT32_MAX));
    lock_drop(&vgics[0].lock);
    CHECK_EQ(guest_dist_read(0, GUEST_PRIORITY + 32, 4), 0xa0a0a0a0);
    CHECK_EQ(guest_redist_read(0, 0, SGI_FRAME + GUEST_PRIORITY, 4), 0xa0a0a0a0);
    CHECK(dist_write(GUEST_ENABLE + 4, FAST_4, BIT(EMULATED)));
    CHECK(dist_write(ROUTER(EMULATED), FAST_8, 1));
    CHECK_EQ(atomic_load(&vgics[0].lock.next), atomic_load(&vgics[0].lock.owner)); /* given back */
    guest_start(1);
    lock_take(&vgics[1].lock);
    CHECK(vgic_dist_ops.fast_write(guest_vcpu(2), NULL, GUEST_GROUP + 4, FAST_4, 0));
    lock_drop(&vgics[1].lock);
}

static void enables(void)
{
    start();
    CHECK(dist_write(GUEST_ENABLE + 4, FAST_4, BIT(EMULATED)));
    CHECK(dist_write(GUEST_ENABLE + 4, FAST_4, BIT(EMULATED))); /* is enabled */
    CHECK(!dist_write(GUEST_ENABLE + 4, FAST_4, BIT(LINKED)));  /* in hardware, too */
    CHECK(!dist_write(GUEST_ENABLE + 4, FAST_4, BIT(34)));      /* nobody's: is told */
    CHECK_EQ(guest_dist_read(0, GUEST_ENABLE + 4, 4), BIT(EMULATED));
    CHECK(!dist_write(GUEST_DISABLE + 4, FAST_4, BIT(EMULATED)));
    CHECK(dist_write(GUEST_DISABLE + 4, FAST_4, BIT(LINKED))); /* is not enabled */
    CHECK_EQ(guest_dist_read(0, GUEST_ENABLE + 4, 4), BIT(EMULATED));
    CHECK(!dist_write(GUEST_ENABLE + 12, FAST_4, BIT(EMULATED)));
}

/* What can't be signalled at once goes the long way: it is disabled, pending, active, or of another
 * vCPU; several, while something is in a list register. */
static void pends(void)
{
    const uint32_t all = BIT(EMULATED) | BIT(40) | BIT(LINKED);

    start();
    guest_dist_write(0, GUEST_ENABLE + 4, 4, BIT(EMULATED) | BIT(40));
    CHECK(!dist_write(GUEST_PEND + 4, FAST_4, all));
    CHECK(!dist_write(GUEST_PEND + 4, FAST_4, BIT(LINKED)));
    CHECK_EQ(guest_dist_read(0, GUEST_PEND + 4, 4), 0);
    guest_dist_write(0, GUEST_ENABLE + 4, 4, BIT(LINKED));
    CHECK(dist_write(GUEST_PEND + 4, FAST_4, 0));
    lock_take(&vgics[0].lock);
    CHECK(!dist_write(GUEST_PEND + 4, FAST_4, all));
    lock_drop(&vgics[0].lock);
    CHECK(dist_write(GUEST_PEND + 4, FAST_4, all));
    CHECK_EQ(atomic_load(&vgics[0].lock.next), atomic_load(&vgics[0].lock.owner));
    CHECK(!dist_write(GUEST_PEND + 4, FAST_4, BIT(EMULATED)));
    CHECK_EQ(guest_dist_read(0, GUEST_PEND + 4, 4), all);
    CHECK_EQ(guest_iar(0), EMULATED);
    CHECK(!dist_write(GUEST_PEND + 4, FAST_4, BIT(EMULATED))); /* it is active */
    guest_dist_write(0, GUEST_UNPEND + 4, 4, all);
    CHECK(!dist_write(GUEST_PEND + 4, FAST_4, BIT(40) | BIT(LINKED)));
    CHECK(dist_write(GUEST_PEND + 4, FAST_4, BIT(40)));
    guest_eoi(0, EMULATED);
    CHECK_EQ(guest_iar(0), 40);
    guest_eoi(0, 40);
    guest_route(0, EMULATED, 1);
    CHECK(!dist_write(GUEST_PEND + 4, FAST_4, BIT(EMULATED)));
    CHECK(!dist_write(GUEST_PEND + 4, FAST_4, BIT(EMULATED) | BIT(40)));
    CHECK_EQ(guest_iar(0), ARCH_IRQ_SPURIOUS);
}

/* The guest's timer is enabled in hardware when the write is done. */
static void linked_private_interrupt(void)
{
    start();
    CHECK(!fake_irq_enabled(TIMER));
    CHECK(redist_write(SGI_FRAME + GUEST_ENABLE, FAST_4, BIT(TIMER) | 1));
    CHECK(fake_irq_enabled(TIMER));
    CHECK(!fake_irq_enabled(30));
    CHECK_EQ(guest_redist_read(0, 0, SGI_FRAME + GUEST_ENABLE, 4), BIT(TIMER) | 1);
    CHECK(!redist_write(OTHER + SGI_FRAME + GUEST_ENABLE, FAST_4, BIT(TIMER)));
    CHECK(!redist_write(SGI_FRAME + GUEST_ENABLE, FAST_8, UINT64_MAX));
    CHECK_EQ(guest_redist_read(0, 1, SGI_FRAME + GUEST_ENABLE, 4), 0);
}

/* What is pending or active may be in a list register. */
static void only_what_is_quiet(void)
{
    uint32_t bit = BIT(EMULATED);

    start();
    guest_edge(0, EMULATED, true);
    guest_set(0, GUEST_PEND, EMULATED);
    CHECK(!dist_write(GUEST_ENABLE + 4, FAST_4, bit));
    CHECK(!dist_write(GUEST_PRIORITY + 32, FAST_4, 0));
    CHECK(!dist_write(GUEST_GROUP + 4, FAST_4, 0));
    CHECK(!dist_write(0, FAST_4, 1));
    CHECK_EQ(guest_dist_read(0, GUEST_ENABLE + 4, 4), 0);
    CHECK_EQ(guest_dist_read(0, GUEST_PRIORITY + 32, 4), 0xa0a0a0a0);
    CHECK_EQ(guest_dist_read(0, GUEST_GROUP + 4, 4), UINT32_MAX);
    CHECK_EQ(guest_dist_read(0, 0, 4), 0x53);
    guest_set(0, GUEST_UNPEND, EMULATED);
    guest_set(0, GUEST_ACTIVATE, EMULATED);
    CHECK(!dist_write(GUEST_DEACTIVATE + 4, FAST_4, bit));
    CHECK(dist_write(GUEST_DEACTIVATE + 4, FAST_4, BIT(LINKED))); /* is not active */
    CHECK(guest_get(0, GUEST_ACTIVATE, EMULATED));
    guest_set(0, GUEST_PEND, 1);
    CHECK(!redist_write(SGI_FRAME + GUEST_ENABLE, FAST_4, 2));
    CHECK(!redist_write(SGI_FRAME + GUEST_PRIORITY, FAST_4, 0));
    CHECK(redist_write(SGI_FRAME + GUEST_PRIORITY + 4, FAST_4, UINT32_MAX));
    CHECK_EQ(guest_redist_read(0, 0, SGI_FRAME + GUEST_PRIORITY, 4), 0xa0a0a0a0);
    CHECK_EQ(guest_redist_read(0, 0, SGI_FRAME + GUEST_PRIORITY + 4, 4), 0xf8f8f8f8);
}

static void groups_of_interrupts(void)
{
    start();
    CHECK(dist_write(GUEST_GROUP + 4, FAST_4, 0x12345678));
    CHECK_EQ(guest_dist_read(0, GUEST_GROUP + 4, 4), 0x12345678);
    CHECK(dist_write(GUEST_PRIORITY + 36, FAST_4, 0xff87654f));
    CHECK_EQ(guest_dist_read(0, GUEST_PRIORITY + 36, 4), 0xf8806048); /* five bits */
    CHECK_EQ(guest_dist_read(0, GUEST_PRIORITY + 32, 4), 0xa0a0a0a0);
    CHECK(!dist_write(GUEST_PRIORITY + 96, FAST_4, 0));
    CHECK(!dist_write(GUEST_PRIORITY, FAST_4, 0));
}

/* Another vCPU that runs must be recalled before a group is disabled. */
static void group_enables(void)
{
    start();
    CHECK(dist_write(0, FAST_4, 0xfffffffd));
    CHECK_EQ(guest_dist_read(0, 0, 4), 0x51);
    CHECK(dist_write(0, FAST_4, 3));
    vgic_vcpu_reset(guest_vcpu(1));
    CHECK(!dist_write(0, FAST_4, 0));
    CHECK(dist_write(0, FAST_4, 3));
    CHECK_EQ(guest_dist_read(0, 0, 4), 0x53);
}

static void routers(void)
{
    start();
    guest_route(0, EMULATED, 1);
    CHECK(dist_write(ROUTER(EMULATED), FAST_8, 1));
    CHECK(!dist_write(ROUTER(EMULATED), FAST_8, 0));
    CHECK(!dist_write(ROUTER(EMULATED), FAST_4, 1));
    CHECK_EQ(guest_dist_read(0, ROUTER(EMULATED), 8), 1);
    CHECK(dist_write(ROUTER(95), FAST_8, 0));
    CHECK(!dist_write(ROUTER(96), FAST_8, 0));
    CHECK(!dist_write(ROUTER(31), FAST_8, 0));
}

static void waker(void)
{
    start();
    CHECK(redist_write(0x14, FAST_4, 0));
    CHECK_EQ(guest_redist_read(0, 0, 0x14, 4), 0);
    CHECK(redist_write(0x14, FAST_4, 2));
    CHECK_EQ(guest_redist_read(0, 0, 0x14, 4), 6); /* ChildrenAsleep follows */
    CHECK(!redist_write(0x14, FAST_8, 0));
    CHECK(!redist_write(OTHER + 0x14, FAST_4, 0));
    CHECK(!redist_write(0x18, FAST_4, 0));
    CHECK_EQ(guest_redist_read(0, 0, 0x14, 4), 6);
}

int main(void)
{
    TEST(reads);
    TEST(redistributor_of_another_vcpu);
    TEST(held_lock_is_not_waited_for);
    TEST(enables);
    TEST(pends);
    TEST(linked_private_interrupt);
    TEST(only_what_is_quiet);
    TEST(groups_of_interrupts);
    TEST(group_enables);
    TEST(routers);
    TEST(waker);
    return test_result();
}
