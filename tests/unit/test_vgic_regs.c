/* SPDX-License-Identifier: Apache-2.0 */
/* sources: vdev/vgic[.3_]*c arch/fake/[a-z]*.c tests/unit/fixture/tables.c
 * tests/unit/fixture/vcpus.c tests/unit/fixture/vgic_guest.c tests/unit/fixture/devices.c
 * tests/unit/fixture/platform.c */
#include "tests/unit/check.h"
#include "tests/unit/fixture/vgic_guest.h"

/* The register file: values, widths, what is read-only, what does not exist (IHI 0069 12.9). */

#define SGI_FRAME 0x10000u
#define BETA 2u  /* the vCPU of VM 1: 32 SPIs, alone */
#define GAMMA 3u /* vCPUs 3-5 of VM 2: 64 SPIs */

/* PIDR4, PIDR1, PIDR2, CIDR0-3, and PIDR3, of which nothing is said. */
static const uint32_t ids[][2] = { { 0xffd0, 0x44 }, { 0xffe4, 0xb4 }, { 0xffe8, 0x3b },
                                   { 0xfff0, 0x0d }, { 0xfff4, 0xf0 }, { 0xfff8, 0x05 },
                                   { 0xfffc, 0xb1 }, { 0xffec, 0 } };

static void distributor_identification(void)
{
    guest_start(1);
    CHECK_EQ(guest_dist_read(BETA, 0x0, 4), 0x53);
    guest_dist_write(BETA, 0x0, 4, 0xffffffff);
    CHECK_EQ(guest_dist_read(BETA, 0x0, 4), 0x53);
    guest_dist_write(BETA, 0x0, 4, 0);
    CHECK_EQ(guest_dist_read(BETA, 0x0, 4), 0x50);
    CHECK_EQ(guest_dist_read(BETA, 0x4, 4), 0x07480001);
    CHECK_EQ(guest_dist_read(BETA, 0x8, 4) & 0xfff, 0x43b);
    for (uint32_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
        CHECK_EQ(guest_dist_read(BETA, ids[i][0], 4), ids[i][1]);
    }
    CHECK_EQ(guest_dist_read(BETA, 0xffe0, 4), 0x92);
    CHECK_EQ(guest_dist_read(BETA, 0xffe8, 1), 0);
    guest_start(2);
    CHECK_EQ(guest_dist_read(GAMMA, 0x4, 4) & 0x1f, 2);
}

static void redistributor_identification(void)
{
    guest_start(2);
    CHECK_EQ(guest_redist_read(GAMMA, 0, 0x8, 8), 0);
    CHECK_EQ(guest_redist_read(GAMMA, 1, 0x8, 8), UINT64_C(0x11) << 32 | 1u << 8);
    CHECK_EQ(guest_redist_read(GAMMA + 1, 2, 0x8, 8), UINT64_C(0x50040312) << 32 | 2u << 8 | 0x10);
    CHECK_EQ(guest_redist_read(GAMMA, 2, 0x8, 4), 2u << 8 | 0x10);
    CHECK_EQ(guest_redist_read(GAMMA, 2, 0xc, 4), 0x50040312);
    CHECK_EQ(guest_redist_read(GAMMA, 0, 0x0, 4), 0);
    CHECK_EQ(guest_redist_read(GAMMA, 0, 0x4, 4), 0x4200043b);
    for (uint32_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
        CHECK_EQ(guest_redist_read(GAMMA, 0, ids[i][0], 4), ids[i][1]);
    }
    CHECK_EQ(guest_redist_read(GAMMA, 0, 0xffe0, 4), 0x93);
    CHECK_EQ(guest_redist_read(GAMMA, 0, 0x70, 8), 0); /* PROPBASER: no LPIs */
}

static void waker(void)
{
    guest_start(1);
    CHECK_EQ(guest_redist_read(BETA, 0, 0x14, 4), 6);
    guest_redist_write(BETA, 0, 0x14, 4, 0);
    CHECK_EQ(guest_redist_read(BETA, 0, 0x14, 4), 0);
    guest_redist_write(BETA, 0, 0x14, 4, 0xffffffff);
    CHECK_EQ(guest_redist_read(BETA, 0, 0x14, 4), 6);
}

/* In each pair, writing ones to the one sets, to the other clears; both read the state. */
static void set_clear_pairs(void)
{
    static const uint32_t banks[] = { GUEST_ENABLE, GUEST_PEND, GUEST_ACTIVATE };

    guest_start(1);
    for (unsigned i = 0; i < 3; i++) {
        uint32_t at = banks[i] + 4;

        guest_dist_write(BETA, at, 4, 0x00ff0f00);
        CHECK_EQ(guest_dist_read(BETA, at, 4) & ~0x00040000u, 0x00fb0f00);
        CHECK_EQ(guest_dist_read(BETA, at + 0x80, 4) & ~0x00040000u, 0x00fb0f00);
        guest_dist_write(BETA, at, 4, 0);
        guest_dist_write(BETA, at + 0x80, 4, 0x00ff0000);
        CHECK_EQ(guest_dist_read(BETA, at, 4), 0x00000f00);
        guest_dist_write(BETA, at + 0x80, 4, 0xffffffff);
        CHECK_EQ(guest_dist_read(BETA, at, 4), 0);
        /* Words that do not exist: private ones, and beyond spi_count. */
        guest_dist_write(BETA, banks[i], 4, 0xffffffff);
        guest_dist_write(BETA, banks[i] + 8, 4, 0xffffffff);
        CHECK_EQ(guest_dist_read(BETA, banks[i], 4), 0);
        CHECK_EQ(guest_dist_read(BETA, banks[i] + 8, 4), 0);
        guest_redist_write(BETA, 0, SGI_FRAME + banks[i], 4, 0x80008001);
        CHECK_EQ(guest_redist_read(BETA, 0, SGI_FRAME + banks[i], 4), 0x80008001);
        guest_redist_write(BETA, 0, SGI_FRAME + banks[i] + 0x80, 4, 0x80000000);
        CHECK_EQ(guest_redist_read(BETA, 0, SGI_FRAME + banks[i], 4), 0x00008001);
        CHECK_EQ(guest_redist_read(BETA, 0, SGI_FRAME + banks[i] + 4, 4), 0);
        guest_redist_write(BETA, 0, SGI_FRAME + banks[i] + 0x80, 4, 0xffffffff);
    }
}

static void groups(void)
{
    guest_start(1);
    guest_dist_write(BETA, GUEST_GROUP + 4, 4, 0x12345678);
    CHECK_EQ(guest_dist_read(BETA, GUEST_GROUP + 4, 4), 0x12345678);
    guest_redist_write(BETA, 0, SGI_FRAME + GUEST_GROUP, 4, 0x9abcdef0);
    CHECK_EQ(guest_redist_read(BETA, 0, SGI_FRAME + GUEST_GROUP, 4), 0x9abcdef0);
    guest_dist_write(BETA, 0xd04, 4, 0xffffffff); /* IGRPMODR: one security state */
    CHECK_EQ(guest_dist_read(BETA, 0xd04, 4), 0);
}

static void priorities(void)
{
    guest_start(1);
    guest_dist_write(BETA, GUEST_PRIORITY + 40, 4, 0xff87654f);
    CHECK_EQ(guest_dist_read(BETA, GUEST_PRIORITY + 40, 4), 0xf8806048);
    guest_dist_write(BETA, GUEST_PRIORITY + 41, 1, 0x17);
    CHECK_EQ(guest_dist_read(BETA, GUEST_PRIORITY + 40, 4), 0xf8801048);
    CHECK_EQ(guest_dist_read(BETA, GUEST_PRIORITY + 43, 1), 0xf8);
    guest_dist_write(BETA, GUEST_PRIORITY + 40, 8, 0);
    CHECK_EQ(guest_dist_read(BETA, GUEST_PRIORITY + 40, 4), 0xf8801048);
    guest_dist_write(BETA, GUEST_PRIORITY + 4, 4, 0xffffffff);
    CHECK_EQ(guest_dist_read(BETA, GUEST_PRIORITY + 4, 4), 0);
    guest_dist_write(BETA, GUEST_PRIORITY + 64, 4, 0xffffffff);
    CHECK_EQ(guest_dist_read(BETA, GUEST_PRIORITY + 64, 4), 0);
    guest_redist_write(BETA, 0, SGI_FRAME + GUEST_PRIORITY + 28, 4, 0x08101820);
    CHECK_EQ(guest_redist_read(BETA, 0, SGI_FRAME + GUEST_PRIORITY + 28, 4), 0x08101820);
    CHECK_EQ(guest_redist_read(BETA, 0, SGI_FRAME + GUEST_PRIORITY + 32, 4), 0);
}

static void configuration(void)
{
    guest_start(1);
    CHECK_EQ(guest_redist_read(BETA, 0, SGI_FRAME + GUEST_CONFIG, 4), 0xaaaaaaaa);
    CHECK_EQ(guest_redist_read(BETA, 0, SGI_FRAME + GUEST_CONFIG + 4, 4), 0);
    guest_redist_write(BETA, 0, SGI_FRAME + GUEST_CONFIG, 4, 0);
    guest_redist_write(BETA, 0, SGI_FRAME + GUEST_CONFIG + 4, 4, 0xffffffff);
    CHECK_EQ(guest_redist_read(BETA, 0, SGI_FRAME + GUEST_CONFIG, 4), 0xaaaaaaaa);
    CHECK_EQ(guest_redist_read(BETA, 0, SGI_FRAME + GUEST_CONFIG + 4, 4), 0);
    guest_dist_write(BETA, GUEST_CONFIG + 8, 4, 0xfffffffc);
    guest_dist_write(BETA, GUEST_CONFIG + 12, 4, 0x80000002);
    CHECK_EQ(guest_dist_read(BETA, GUEST_CONFIG + 8, 4), 0xaaaaaaa8);
    CHECK_EQ(guest_dist_read(BETA, GUEST_CONFIG + 12, 4), 0x80000002);
    CHECK_EQ(guest_dist_read(BETA, GUEST_CONFIG, 4), 0);
    CHECK_EQ(guest_dist_read(BETA, GUEST_CONFIG + 16, 4), 0);
}

static void routers(void)
{
    uint64_t at = GUEST_ROUTER + 8 * 33;

    guest_start(2);
    guest_dist_write(GAMMA, at, 8, UINT64_MAX);
    CHECK_EQ(guest_dist_read(GAMMA, at, 8), UINT64_C(0xff00ffffff));
    guest_dist_write(GAMMA, at, 8, UINT64_C(0x5000040312));
    CHECK_EQ(guest_dist_read(GAMMA, at, 4), 0x00040312);
    CHECK_EQ(guest_dist_read(GAMMA, at + 4, 4), 0x50);
    guest_dist_write(GAMMA, at + 4, 4, 0);
    guest_dist_write(GAMMA, at, 4, 0x11);
    CHECK_EQ(guest_dist_read(GAMMA, at, 8), 0x11);
    guest_dist_write(GAMMA, at, 1, 0x22);
    CHECK_EQ(guest_dist_read(GAMMA, at, 8), 0x11);
    guest_dist_write(GAMMA, GUEST_ROUTER, 8, 0x11);
    CHECK_EQ(guest_dist_read(GAMMA, GUEST_ROUTER, 8), 0);
    guest_dist_write(GAMMA, GUEST_ROUTER + 8 * 96, 8, 0x11);
    CHECK_EQ(guest_dist_read(GAMMA, GUEST_ROUTER + 8 * 96, 8), 0);
}

/* What only exists without affinity routing, and odd widths: read as zero, writes ignored. */
static void absent_registers(void)
{
    static const uint32_t offsets[] = { 0x40, 0x820, 0xf00, 0xf10, 0x804, 0xe08, 0x5000, 0xc000 };

    guest_start(1);
    for (unsigned i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++) {
        guest_dist_write(BETA, offsets[i], 4, 0xffffffff);
        CHECK_EQ(guest_dist_read(BETA, offsets[i], 4), 0);
    }
    guest_dist_write(BETA, GUEST_ENABLE + 4, 8, UINT64_MAX);
    guest_dist_write(BETA, GUEST_ENABLE + 4, 1, 0xff);
    CHECK_EQ(guest_dist_read(BETA, GUEST_ENABLE + 4, 4), 0);
    CHECK_EQ(guest_dist_read(BETA, GUEST_GROUP + 4, 8), 0);
    CHECK_EQ(guest_redist_read(BETA, 0, 0x80, 4), 0); /* the RD frame has no banks */
}

static void reset_clears(void)
{
    guest_start(1);
    guest_dist_write(BETA, GUEST_ENABLE + 4, 4, 0xffffffff);
    guest_dist_write(BETA, GUEST_PEND + 4, 4, 0x2);
    guest_dist_write(BETA, GUEST_ROUTER + 8 * 40, 8, 5);
    vgic_vcpu_park(guest_vcpu(BETA));
    vgic_vm_reset(1);
    vgic_vcpu_reset(guest_vcpu(BETA));
    CHECK_EQ(guest_dist_read(BETA, 0, 4), 0x50);
    CHECK_EQ(guest_dist_read(BETA, GUEST_ENABLE + 4, 4), 0);
    CHECK_EQ(guest_dist_read(BETA, GUEST_PEND + 4, 4), 0);
    CHECK_EQ(guest_dist_read(BETA, GUEST_GROUP + 4, 4), 0);
    CHECK_EQ(guest_dist_read(BETA, GUEST_PRIORITY + 40, 4), 0);
    CHECK_EQ(guest_dist_read(BETA, GUEST_ROUTER + 8 * 40, 8), 0);
    CHECK(!fake_guest_irq());
}

static void all(void)
{
    TEST(distributor_identification);
    TEST(redistributor_identification);
    TEST(waker);
    TEST(set_clear_pairs);
    TEST(groups);
    TEST(priorities);
    TEST(configuration);
    TEST(routers);
    TEST(absent_registers);
    TEST(reset_clears);
}

int main(void)
{
    all();
    CHECK_EQ(atomic_load(&guest_fast_count), 0);
    guest_fast = true; /* the same by short ways */
    all();
    CHECK(atomic_load(&guest_fast_count) > 0);
    return test_result();
}
