/* SPDX-License-Identifier: Apache-2.0 */
/* sources: vdev/vgic[.2_]*c arch/fake/[a-z]*.c tests/unit/fixture/tables.c
 * tests/unit/fixture/vcpus.c tests/unit/fixture/vgic_guest.c tests/unit/fixture/devices.c
 * tests/unit/fixture/platform.c */
/* defines: CONFIG_VDEV_VGIC3=0 CONFIG_INTERRUPTS_PASSTHROUGH=0 */
#include "arch/fast.h"
#include "tests/unit/check.h"
#include "tests/unit/fixture/vcpus.h"
#include "tests/unit/fixture/vgic_guest.h"

/* What only the GICv2 distributor has: targets of SPIs, SGIs with their senders. VM 2's vCPUs are 3
 * to 5, one, two and four as targets. */

#define FIRST 3u
#define SPI 70u
#define NONE ARCH_IRQ_SPURIOUS
#define CTLR 0x000u
#define TYPER 0x004u
#define IIDR 0x008u
#define TARGETS 0x800u
#define SGIR 0xf00u
#define CPENDSGIR 0xf10u
#define SPENDSGIR 0xf20u
#define TO(list) ((uint64_t)(list) << 16)
#define OTHERS (UINT64_C(1) << 24)
#define SELF (UINT64_C(2) << 24)

/* The fixture sets up a GICv3. There are no redistributors here: private registers are banked. */
static uint64_t nothing_read(struct vcpu *vcpu, uint32_t instance, uint64_t offset, unsigned size)
{
    (void)vcpu, (void)instance, (void)offset, (void)size;
    return 0;
}

static void nothing_written(struct vcpu *vcpu, uint32_t instance, uint64_t offset, unsigned size,
                            uint64_t value)
{
    (void)vcpu, (void)instance, (void)offset, (void)size, (void)value;
}

const struct vdev_ops vgic_redist_ops = { .read = nothing_read, .write = nothing_written };

void vgic_send_sgi(struct vcpu *vcpu, uint64_t sgi1r, bool group1)
{
    (void)vcpu, (void)sgi1r, (void)group1;
}

bool fast_sgi(struct vcpu *vcpu, uint64_t sgi1r)
{
    (void)vcpu, (void)sgi1r;
    return false;
}

uint32_t fast_irq(struct vcpu *vcpu)
{
    (void)vcpu;
    return arch_irq_ack();
}

static void start(void)
{
    guest_start(2);
    for (uint32_t i = 0; i < 3; i++) {
        guest_dist_write(FIRST + i, GUEST_GROUP, 4, UINT32_MAX);
        for (uint32_t n = 0; n < 8; n++) {
            guest_dist_write(FIRST + i, GUEST_PRIORITY + 4 * n, 4, 0xa0a0a0a0);
        }
        guest_dist_write(FIRST + i, GUEST_ENABLE, 4, 0xffff);
    }
}

static bool pends(uint32_t vcpu, uint32_t sgi)
{
    return (guest_dist_read(vcpu, GUEST_PEND, 4) >> sgi & 1) != 0;
}

/* Sender of the SGI that is active on a vCPU: its list register's, IHI 0048 5.3.3. */
static uint32_t sender_of(uint32_t vcpu, uint32_t sgi)
{
    const struct fake_cpu *cpu = &fake_cpus[vcpu_rows[vcpu].pcpu];

    for (uint32_t i = 0; i < fake_lr_count; i++) {
        if (cpu->lr[i] >> 63 != 0 && (uint32_t)cpu->lr[i] == sgi) {
            return (uint32_t)(cpu->lr[i] >> 32) & 7;
        }
    }
    return UINT32_MAX;
}

/* Sends from vCPU `from`, and tells which get it, as a bitmap; each sees who sent it. */
static uint32_t receivers(uint32_t from, uint64_t sgir)
{
    uint32_t got = 0;

    guest_dist_write(FIRST + from, SGIR, 4, sgir);
    for (uint32_t i = 0; i < 3; i++) {
        uint32_t intid = guest_iar(FIRST + i);

        if (intid != NONE) {
            CHECK_EQ(intid, sgir & 0xf);
            CHECK_EQ(sender_of(FIRST + i, intid), from);
            guest_eoi(FIRST + i, intid);
            got |= 1u << i;
        }
        CHECK_EQ(guest_iar(FIRST + i), NONE);
    }
    return got;
}

static void identifies_itself(void)
{
    static const uint32_t ids[][2] = { { 0xfd0, 0x04 }, { 0xfe0, 0x90 }, { 0xfe4, 0xb4 },
                                       { 0xfe8, 0x2b }, { 0xff0, 0x0d }, { 0xff4, 0xf0 },
                                       { 0xff8, 0x05 }, { 0xffc, 0xb1 }, { 0xfec, 0 } };

    start();
    CHECK_EQ(guest_dist_read(FIRST, TYPER, 4), 2u << 5 | 2u);
    CHECK_EQ(guest_dist_read(FIRST, IIDR, 4), 0x0200043b);
    for (uint32_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
        CHECK_EQ(guest_dist_read(FIRST, ids[i][0], 4), ids[i][1]);
    }
    CHECK_EQ(guest_dist_read(FIRST, TYPER, 1), 0);
}

/* In a VM with one vCPU: who disables a group waits for all others. */
static void enables(void)
{
    guest_start(1);
    CHECK_EQ(guest_dist_read(2, CTLR, 4), 3);
    guest_dist_write(2, CTLR, 4, 0xfffffffd);
    CHECK_EQ(guest_dist_read(2, CTLR, 4), 1);
    guest_dist_write(2, CTLR, 1, 0);
    guest_dist_write(2, TYPER, 4, 0);
    CHECK_EQ(guest_dist_read(2, CTLR, 4), 1);
    CHECK_EQ(guest_dist_read(2, TYPER, 4), 1);
}

/* A private interrupt's targets tell who reads; an SPI's are kept as far as there are vCPUs. */
static void targets_read_back(void)
{
    start();
    for (uint32_t i = 0; i < 3; i++) {
        CHECK_EQ(guest_dist_read(FIRST + i, TARGETS + 4, 4), 0x01010101u << i);
        guest_dist_write(FIRST + i, TARGETS + 4, 4, 0);
        CHECK_EQ(guest_dist_read(FIRST + i, TARGETS + 7, 1), 1u << i);
    }
    CHECK_EQ(guest_dist_read(FIRST, TARGETS + 68, 4), 0x01010101);
    guest_dist_write(FIRST, TARGETS + 68, 4, 0x04ff0002);
    CHECK_EQ(guest_dist_read(FIRST + 2, TARGETS + 68, 4), 0x04070002);
    guest_dist_write(FIRST, TARGETS + 69, 1, 4);
    CHECK_EQ(guest_dist_read(FIRST, TARGETS + 68, 4), 0x04070402);
    guest_dist_write(FIRST, TARGETS + 96, 4, UINT32_MAX); /* one more than there are */
    CHECK_EQ(guest_dist_read(FIRST, TARGETS + 96, 4), 0);
}

static uint32_t who_gets_spi(uint32_t targets)
{
    uint32_t got = 0;

    guest_dist_write(FIRST, TARGETS + SPI, 1, targets);
    guest_set(FIRST, GUEST_PEND, SPI);
    for (uint32_t i = 0; i < 3; i++) {
        uint32_t intid = guest_iar(FIRST + i);

        if (intid != NONE) {
            CHECK_EQ(intid, SPI);
            guest_eoi(FIRST + i, intid);
            guest_dist_read(FIRST + i, SPENDSGIR, 4); /* its list registers are folded */
            got |= 1u << i;
        }
    }
    guest_set(FIRST, GUEST_UNPEND, SPI);
    return got;
}

static void spi_goes_to_one_target(void)
{
    start();
    guest_edge(FIRST, SPI, true);
    guest_set(FIRST, GUEST_ENABLE, SPI);
    CHECK_EQ(who_gets_spi(1), 1);
    CHECK_EQ(who_gets_spi(2), 2);
    CHECK_EQ(who_gets_spi(4), 4);
    CHECK_EQ(who_gets_spi(6), 2);
    CHECK_EQ(who_gets_spi(0xf8), 0);
    CHECK_EQ(who_gets_spi(0), 0);
    CHECK_EQ(who_gets_spi(7), 1);
}

static void sgi_filters(void)
{
    start();
    CHECK_EQ(receivers(0, TO(1) | 3), 1);
    CHECK_EQ(receivers(0, TO(6) | 15), 6);
    CHECK_EQ(receivers(2, TO(0xff) | 0), 7);
    CHECK_EQ(receivers(1, TO(0xf8) | 2), 0);
    CHECK_EQ(receivers(0, OTHERS | 1), 6);
    CHECK_EQ(receivers(1, OTHERS | TO(0xff) | 1), 5);
    CHECK_EQ(receivers(2, SELF | TO(3) | 9), 4);
    CHECK_EQ(receivers(0, SELF | OTHERS | TO(0xff) | 9), 0); /* reserved */
    CHECK_EQ(receivers(2, SELF | 9), 4);
}

/* Nothing of it leaves the VM. */
static void stays_inside(void)
{
    start();
    fake_calls_clear();
    guest_dist_write(FIRST, SGIR, 4, OTHERS | 1);
    CHECK_EQ(fake_calls(FAKE_CALL_IPI), 2);
    CHECK(fake_called(FAKE_CALL_IPI, 4, 0));
    CHECK(fake_called(FAKE_CALL_IPI, 5, 0));
}

/* One of each sender, in turn, none while another is active; two of one sender are one. */
static void senders_take_turns(void)
{
    uint32_t seen = 0;

    start();
    for (uint32_t from = 0; from < 3; from++) {
        guest_dist_write(FIRST + from, SGIR, 4, TO(4) | 5);
        guest_dist_write(FIRST + from, SGIR, 4, TO(4) | 5);
    }
    for (uint32_t turn = 0; turn < 3; turn++) {
        CHECK_EQ(guest_iar(FIRST + 2), 5);
        seen |= 1u << sender_of(FIRST + 2, 5);
        CHECK_EQ(guest_iar(FIRST + 2), NONE);
        guest_eoi(FIRST + 2, 5);
    }
    CHECK_EQ(seen, 7);
    CHECK_EQ(guest_iar(FIRST + 2), NONE);
}

/* The active one keeps its sender when list registers are folded while others come. */
static void active_keeps_its_sender(void)
{
    start();
    guest_dist_write(FIRST + 1, SGIR, 4, TO(1) | 5);
    CHECK_EQ(guest_iar(FIRST), 5);
    guest_dist_write(FIRST, SGIR, 4, SELF | 5);
    CHECK_EQ(sender_of(FIRST, 5), 1);
    CHECK_EQ(guest_dist_read(FIRST, SPENDSGIR + 5, 1), 1);
    CHECK_EQ(sender_of(FIRST, 5), 1);
    guest_eoi(FIRST, 5);
    CHECK_EQ(guest_iar(FIRST), 5);
    CHECK_EQ(sender_of(FIRST, 5), 0);
    guest_eoi(FIRST, 5);
}

/* SPENDSGIR and CPENDSGIR have a byte of senders for each SGI, each vCPU its own. */
static void pending_sgis_by_sender(void)
{
    start();
    guest_dist_write(FIRST, SPENDSGIR + 4, 4, 0xff000600);
    CHECK_EQ(guest_dist_read(FIRST, SPENDSGIR + 4, 4), 0x07000600);
    CHECK_EQ(guest_dist_read(FIRST, CPENDSGIR + 4, 4), 0x07000600);
    CHECK_EQ(guest_dist_read(FIRST + 1, SPENDSGIR + 4, 4), 0);
    CHECK(pends(FIRST, 5) && pends(FIRST, 7) && !pends(FIRST, 6));
    guest_dist_write(FIRST, CPENDSGIR + 7, 1, 0xff);
    guest_dist_write(FIRST, CPENDSGIR + 5, 1, 2);
    CHECK_EQ(guest_dist_read(FIRST, SPENDSGIR + 4, 4), 0x00000400);
    CHECK(!pends(FIRST, 7) && pends(FIRST, 5));
    CHECK_EQ(guest_iar(FIRST), 5);
    CHECK_EQ(sender_of(FIRST, 5), 2);
    guest_eoi(FIRST, 5);
    CHECK_EQ(guest_iar(FIRST), NONE);
}

/* GICD_ISPENDR and ICPENDR do not touch SGIs, but do PPIs. */
static void banks_do_not_pend_sgis(void)
{
    start();
    guest_dist_write(FIRST, GUEST_ENABLE, 4, 1u << 20);
    guest_dist_write(FIRST, GUEST_PEND, 4, 1u << 20 | 0xffff);
    CHECK_EQ(guest_dist_read(FIRST, GUEST_PEND, 4), 1u << 20);
    guest_dist_write(FIRST, SPENDSGIR, 1, 1);
    guest_dist_write(FIRST, GUEST_UNPEND, 4, UINT32_MAX);
    CHECK_EQ(guest_dist_read(FIRST, GUEST_PEND, 4), 1);
}

/* Priorities and configuration of private interrupts are each vCPU's own, SPIs' are common. */
static void private_registers_are_banked(void)
{
    start();
    guest_dist_write(FIRST, GUEST_PRIORITY + 3, 1, 0x40);
    CHECK_EQ(guest_dist_read(FIRST, GUEST_PRIORITY + 3, 1), 0x40);
    CHECK_EQ(guest_dist_read(FIRST + 1, GUEST_PRIORITY + 3, 1), 0xa0);
    guest_dist_write(FIRST, GUEST_PRIORITY + SPI, 1, 0x40);
    CHECK_EQ(guest_dist_read(FIRST + 1, GUEST_PRIORITY + SPI, 1), 0x40);
    guest_dist_write(FIRST, GUEST_DISABLE, 4, 2);
    CHECK_EQ(guest_dist_read(FIRST, GUEST_ENABLE, 4) & 2, 0);
    CHECK_EQ(guest_dist_read(FIRST + 1, GUEST_ENABLE, 4) & 2, 2);
    guest_edge(FIRST, SPI, true);
    CHECK_EQ(guest_dist_read(FIRST + 1, GUEST_CONFIG + 4 * (SPI / 16), 4) >> 2 * (SPI % 16) & 2, 2);
}

int main(void)
{
    TEST(identifies_itself);
    TEST(enables);
    TEST(targets_read_back);
    TEST(spi_goes_to_one_target);
    TEST(sgi_filters);
    TEST(stays_inside);
    TEST(senders_take_turns);
    TEST(active_keeps_its_sender);
    TEST(pending_sgis_by_sender);
    TEST(banks_do_not_pend_sgis);
    TEST(private_registers_are_banked);
    return test_result();
}
