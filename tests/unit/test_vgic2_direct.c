/* SPDX-License-Identifier: Apache-2.0 */
/* sources: vdev/vgic[.2_]*c arch/fake/[a-z]*.c tests/unit/fixture/vcpus.c
 *   tests/unit/fixture/devices.c tests/unit/fixture/platform.c */
/* defines: CONFIG_VDEV_VGIC3=0 */
#include "arch/direct.h"
#include "arch/fake/fake.h"
#include "tests/unit/check.h"
#include "tests/unit/fixture/vcpus.h"
#include "vdev/vgic.h"
#include "vdev/vgic_direct.h"

/*
 * The GICv2 distributor of VMs that take their interrupts themselves (IHI 0048 4.3).  VM 0: vCPUs 0
 * and 1 on pCPUs 4 and 1, which are interfaces 4 and 1; it owns INTIDs 34 (level), 36 (edge) and 41
 * (an emulated device's).  VM 1: vCPU 2 on pCPU 2, INTID 35.  VM 2 has no interrupts.
 */
#define OWNED UINT32_C(0x214)
#define OTHERS UINT32_C(0x008)
#define PRIVATE UINT32_C(0x4800ffff)
#define SPI 36u

#define CTLR 0x000u
#define TYPER 0x004u
#define IIDR 0x008u
#define GROUP 0x080u
#define ENABLE 0x100u
#define PEND 0x200u
#define UNPEND 0x280u
#define PRIORITY 0x400u
#define TARGETS 0x800u
#define CONFIG 0xc00u
#define SGIR 0xf00u
#define CPENDSGIR 0xf10u
#define SPENDSGIR 0xf20u
#define TO(list) ((uint64_t)(list) << 16)
#define ALL_BUT_SELF (UINT64_C(1) << 24)
#define SELF (UINT64_C(2) << 24)

static const uint32_t owned[2] = { OWNED, 0 };
static const uint32_t others[1] = { OTHERS };

const struct vm_row vm_rows[VM_COUNT] = {
    { .name = "direct", .vcpu_first = 0, .vcpu_count = 2 },
    { .name = "other", .vcpu_first = 2, .vcpu_count = 1 },
    { .name = "none", .vcpu_first = 3, .vcpu_count = 1 },
};
const struct vcpu_row vcpu_rows[VCPU_COUNT] = {
    { .vm = 0, .index = 0, .pcpu = 4 },
    { .vm = 0, .index = 1, .pcpu = 1 },
    { .vm = 1, .index = 0, .pcpu = 2 },
    { .vm = 2, .index = 0, .pcpu = 3 },
};
const struct irq_row irq_rows[IRQ_COUNT] = {
    [2] = { .owner = IRQ_VM, .vm = 0, .guest_intid = 34 },
    [3] = { .owner = IRQ_VM, .vm = 1, .guest_intid = 35 },
    [4] = { .owner = IRQ_VM, .vm = 0, .guest_intid = SPI, .edge = true },
    [9] = { .owner = IRQ_VM, .vm = 0, .guest_intid = 41, .edge = true },
};
const struct vgic_row vgic_rows[VM_COUNT] = {
    { .interrupts = INTERRUPTS_PASSTHROUGH, .spi_count = 64, .spi_owned = owned },
    { .interrupts = INTERRUPTS_PASSTHROUGH, .spi_count = 32, .spi_owned = others },
    { .interrupts = INTERRUPTS_NONE },
};

static struct vcpu *on(uint32_t vcpu)
{
    fake_cpu_select(vcpu_rows[vcpu].pcpu);
    return &vcpus[vcpu];
}

static uint64_t read_of(uint32_t vcpu, uint64_t offset, unsigned size)
{
    return vgic_direct_dist_ops.read(on(vcpu), vcpus[vcpu].vm, offset, size);
}

static void write_of(uint32_t vcpu, uint64_t offset, unsigned size, uint64_t value)
{
    vgic_direct_dist_ops.write(on(vcpu), vcpus[vcpu].vm, offset, size, value);
}

static void start(void)
{
    fake_reset();
    fixture_vcpus_reset();
    for (uint32_t vcpu = 0; vcpu < 3; vcpu++) {
        struct vcpu *own = on(vcpu);

        vgic_vcpu_init(own);
        for (uint32_t sgi = 0; sgi < 16; sgi++) {
            arch_direct_senders_change(sgi, 0xff, false);
        }
        if (own->row->index == 0) {
            vgic_vm_reset(own->vm);
        }
        vgic_vcpu_reset(own);
    }
    on(0);
    fake_calls_clear();
}

static uint32_t state(uint32_t pcpu, uint32_t word, enum arch_direct_state which)
{
    return arch_direct_get(pcpu, word, which);
}

/* A GIC-400 with the VM's own counts; bytes are no way to registers of words. */
static void identifies_itself(void)
{
    start();
    CHECK_EQ(read_of(0, TYPER, 4), 1u << 5 | 2u);
    CHECK_EQ(read_of(2, TYPER, 4), 1u);
    CHECK_EQ(read_of(0, IIDR, 4), 0x0200043b);
    CHECK_EQ(read_of(0, 0xfe8, 4), 0x2b);
    CHECK_EQ(read_of(0, IIDR, 1), 0);
    CHECK_EQ(read_of(0, ENABLE, 1), 0);
    write_of(0, TYPER, 4, 0);
    CHECK_EQ(read_of(0, TYPER, 4), 1u << 5 | 2u);
}

/* Non-secure software finds one enable, in bit 0 (4.3.1), and all enables stand behind it. */
static void one_enable(void)
{
    start();
    write_of(0, ENABLE + 4, 4, UINT32_MAX);
    write_of(1, ENABLE, 4, UINT32_MAX);
    CHECK_EQ(read_of(0, ENABLE + 4, 4), OWNED);
    CHECK_EQ(read_of(1, ENABLE, 4), PRIVATE);
    CHECK_EQ(read_of(0, ENABLE, 4), 0);
    write_of(0, CTLR, 4, 0xfffffffe);
    CHECK_EQ(read_of(0, CTLR, 4), 0);
    write_of(0, CTLR, 1, 1);
    CHECK_EQ(state(4, 1, ARCH_DIRECT_ENABLED), 0);
    write_of(0, CTLR, 4, UINT32_MAX);
    CHECK_EQ(read_of(1, CTLR, 4), 1);
    CHECK_EQ(read_of(2, CTLR, 4), 0);
    CHECK_EQ(state(4, 1, ARCH_DIRECT_ENABLED), OWNED);
    CHECK_EQ(state(1, 0, ARCH_DIRECT_ENABLED), PRIVATE);
    write_of(0, CTLR, 4, 0);
    CHECK_EQ(state(4, 1, ARCH_DIRECT_ENABLED), 0);
    CHECK_EQ(state(1, 0, ARCH_DIRECT_ENABLED), 0);
}

/* Nothing that VM 0 writes reaches the interrupts of VM 1, nor does it see them. */
static void masks(void)
{
    start();
    write_of(2, CTLR, 4, 1);
    write_of(2, ENABLE + 4, 4, UINT32_MAX);
    write_of(2, PEND + 4, 4, UINT32_MAX);
    write_of(2, PRIORITY + 35, 1, 0x50);
    CHECK_EQ(read_of(0, PEND + 4, 4), 0);
    CHECK_EQ(read_of(0, PRIORITY + 32, 4), 0);
    for (uint32_t at = GROUP; at < SGIR; at += 4) {
        write_of(0, at, 4, UINT32_MAX);
    }
    CHECK_EQ(state(0, 1, ARCH_DIRECT_ENABLED) & OTHERS, OTHERS);
    CHECK_EQ(state(0, 1, ARCH_DIRECT_PENDING) & OTHERS, OTHERS);
    CHECK_EQ(state(0, 1, ARCH_DIRECT_ACTIVE), 0);
    CHECK_EQ(arch_direct_priority_get(0, 35), 0x50);
    CHECK_EQ(fake_irq_route(35), 2);
    CHECK_EQ(fake_irq_route(37), 0); /* nobody's */
    CHECK(!arch_direct_edge(0, 35));
    CHECK_EQ(read_of(0, PRIORITY + 32, 4), 0x00f00000);
    CHECK_EQ(read_of(0, GROUP + 4, 4), 0); /* reads as zero to non-secure software */
}

static void own_target_of_private_interrupts(void)
{
    start();
    for (uint32_t at = 0; at < 32; at += 4) {
        CHECK_EQ(read_of(0, TARGETS + at, 4), 0x10101010);
        CHECK_EQ(read_of(1, TARGETS + at, 4), 0x02020202);
    }
    write_of(0, TARGETS, 4, UINT32_MAX);
    CHECK_EQ(read_of(0, TARGETS + 3, 1), 0x10);
    CHECK_EQ(fake_calls(FAKE_CALL_ROUTE), 0);
}

/* Interfaces of other VMs are not there, nor are SPIs of other VMs or beyond the last. */
static void targets_of_spis(void)
{
    start();
    CHECK_EQ(read_of(0, TARGETS + 36, 4), 0x00000010);
    CHECK_EQ(read_of(0, TARGETS + 32, 4), 0x00100000);
    write_of(0, TARGETS + 36, 4, UINT32_MAX);
    CHECK_EQ(read_of(0, TARGETS + 36, 4), 0x00000012);
    write_of(0, TARGETS + 32, 4, 0x02020202);
    CHECK_EQ(read_of(0, TARGETS + 32, 4), 0x00020000);
    CHECK_EQ(fake_irq_route(34), 1);
    CHECK_EQ(fake_irq_route(35), 2);
    CHECK_EQ(read_of(2, TARGETS + 35, 1), 0x04);
    CHECK_EQ(fake_calls(FAKE_CALL_ROUTE), 2);
    write_of(0, TARGETS + 96, 4, UINT32_MAX);
    CHECK_EQ(read_of(0, TARGETS + 96, 4), 0);
    CHECK_EQ(read_of(0, TARGETS + 0x3fc, 4), 0);
}

/* Of several targets the VM's first CPU gets it; without one of the VM's it is not presented. */
static void spi_goes_to_one_target(void)
{
    uint32_t bit = 1u << SPI % 32;

    start();
    write_of(0, CTLR, 4, 1);
    write_of(0, ENABLE + 4, 4, bit);
    CHECK_EQ(fake_irq_route(SPI), 4);
    write_of(0, TARGETS + SPI, 1, 0x02);
    CHECK_EQ(fake_irq_route(SPI), 1);
    write_of(0, TARGETS + SPI, 1, 0xff);
    CHECK_EQ(fake_irq_route(SPI), 4);
    write_of(1, TARGETS + SPI, 1, 0x04); /* VM 1's */
    CHECK_EQ(fake_irq_route(SPI), 4);
    CHECK_EQ(read_of(0, TARGETS + SPI, 1), 0);
    CHECK_EQ(state(0, 1, ARCH_DIRECT_ENABLED), 0);
    CHECK_EQ(read_of(0, ENABLE + 4, 4), bit);
    write_of(1, TARGETS + SPI, 1, 0x06);
    CHECK_EQ(fake_irq_route(SPI), 1);
    CHECK_EQ(read_of(0, TARGETS + SPI, 1), 0x02);
    CHECK_EQ(state(0, 1, ARCH_DIRECT_ENABLED), bit);
}

/* Who got the SGI, as bits of interfaces (4.3.15). */
static uint32_t receivers(uint32_t from, uint64_t sgir)
{
    uint32_t got = 0;

    fake_calls_clear();
    write_of(from, SGIR, 4, sgir);
    for (uint32_t pcpu = 0; pcpu < PCPU_COUNT; pcpu++) {
        got |= fake_called(FAKE_CALL_SGI, pcpu, sgir & 0xf) ? 1u << pcpu : 0;
    }
    CHECK_EQ(fake_calls(FAKE_CALL_SGI), __builtin_popcount(got));
    return got;
}

static void sgis_stay_inside(void)
{
    start();
    CHECK_EQ(receivers(0, TO(0x10) | 15), 0x10);
    CHECK_EQ(receivers(0, TO(0x02) | 3), 0x02);
    CHECK_EQ(receivers(1, TO(0xff) | 0), 0x12);
    CHECK_EQ(receivers(0, TO(0xed) | 4), 0);
    CHECK_EQ(receivers(0, ALL_BUT_SELF | TO(0xff) | 1), 0x02);
    CHECK_EQ(receivers(1, ALL_BUT_SELF | 1), 0x10);
    CHECK_EQ(receivers(2, ALL_BUT_SELF | TO(0xff) | 1), 0);
    CHECK_EQ(receivers(1, SELF | TO(0x10) | 9), 0x02);
    CHECK_EQ(receivers(0, SELF | ALL_BUT_SELF | TO(0xff) | 9), 0); /* reserved */
    fake_calls_clear();
    write_of(0, SGIR, 1, TO(0x10)); /* words only */
    CHECK_EQ(fake_calls(FAKE_CALL_SGI), 0);
    CHECK_EQ(read_of(0, SGIR, 4), 0); /* write-only */
}

/* A byte of senders for each SGI, each CPU's own; bits of other VMs' interfaces do not take. */
static void pending_sgis_by_sender(void)
{
    start();
    write_of(0, SPENDSGIR + 4, 4, 0xff000206);
    CHECK_EQ(read_of(0, SPENDSGIR + 4, 4), 0x12000202);
    CHECK_EQ(read_of(0, CPENDSGIR + 4, 4), 0x12000202);
    CHECK_EQ(read_of(0, SPENDSGIR, 4), 0);
    CHECK_EQ(read_of(1, SPENDSGIR + 4, 4), 0);
    write_of(0, CPENDSGIR + 7, 1, 0x10);
    write_of(0, CPENDSGIR + 4, 1, 0xff);
    CHECK_EQ(read_of(0, CPENDSGIR + 4, 4), 0x02000200);
    on(0);
    arch_direct_senders_change(8, 0x06, true);
    CHECK_EQ(read_of(0, SPENDSGIR + 8, 1), 0x02);
    write_of(0, CPENDSGIR + 8, 1, 0xff);
    on(0);
    CHECK_EQ(arch_direct_senders_get(8), 0x04);
}

/* GICD_ISPENDR and ICPENDR don't pend SGIs (4.3.7), but do PPIs and SPIs. */
static void banks_do_not_pend_sgis(void)
{
    start();
    write_of(1, PEND, 4, UINT32_MAX);
    CHECK_EQ(state(1, 0, ARCH_DIRECT_PENDING), PRIVATE & ~0xffffu);
    CHECK_EQ(state(4, 0, ARCH_DIRECT_PENDING), 0);
    arch_direct_set(1, 0, ARCH_DIRECT_PENDING, 1);
    write_of(1, UNPEND, 4, UINT32_MAX);
    CHECK_EQ(read_of(1, PEND, 4), 1);
    write_of(1, PEND + 4, 4, UINT32_MAX);
    CHECK_EQ(state(0, 1, ARCH_DIRECT_PENDING), OWNED);
}

static void restart(void)
{
    start();
    write_of(0, CTLR, 4, 1);
    write_of(0, TARGETS + SPI, 1, 0x02);
    write_of(0, ENABLE + 4, 4, OWNED);
    write_of(0, CONFIG + 8, 4, 0);
    CHECK(!arch_direct_edge(0, SPI));
    vgic_vcpu_park(on(1));
    vgic_vcpu_park(on(0));
    vgic_vm_reset(0);
    CHECK_EQ(read_of(0, CTLR, 4), 0);
    CHECK_EQ(read_of(0, TARGETS + SPI, 1), 0x10);
    CHECK_EQ(fake_irq_route(SPI), 4);
    CHECK(arch_direct_edge(0, SPI));
    CHECK_EQ(state(0, 1, ARCH_DIRECT_ENABLED), 0);
}

int main(void)
{
    TEST(identifies_itself);
    TEST(one_enable);
    TEST(masks);
    TEST(own_target_of_private_interrupts);
    TEST(targets_of_spis);
    TEST(spi_goes_to_one_target);
    TEST(sgis_stay_inside);
    TEST(pending_sgis_by_sender);
    TEST(banks_do_not_pend_sgis);
    TEST(restart);
    return test_result();
}
