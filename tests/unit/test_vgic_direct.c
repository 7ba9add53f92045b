/* SPDX-License-Identifier: Apache-2.0 */
/* sources: vdev/vgic[.3_]*c arch/fake/[a-z]*.c tests/unit/fixture/vcpus.c
 *   tests/unit/fixture/devices.c tests/unit/fixture/platform.c */
#include "arch/direct.h"
#include "arch/fake/fake.h"
#include "tests/unit/check.h"
#include "tests/unit/fixture/vcpus.h"
#include "vdev/sysreg.h"
#include "vdev/vgic.h"
#include "vdev/vgic_direct.h"

/*
 * VM 0 takes its interrupts itself: vCPUs 0 and 1 on pCPUs 4 and 1; it owns INTIDs 32, 34, 63, 36
 * (edge) and 41 (an emulated device's).  VM 1 likewise: vCPU 2 on pCPU 2, INTID 35.  VM 2 has no
 * interrupts: vCPU 3 on pCPU 3.
 */
#define OWNED UINT32_C(0x80000215) /* a first and a last one of a word among them */
#define OTHERS UINT32_C(0x008)
#define PRIVATE UINT32_C(0x4800ffff)
#define DEVICE 41u

#define GROUP 0x80u
#define ENABLE 0x100u
#define DISABLE 0x180u
#define PEND 0x200u
#define UNPEND 0x280u
#define ACTIVATE 0x300u
#define DEACTIVATE 0x380u
#define PRIORITY 0x400u
#define CONFIG 0xc00u
#define ROUTER 0x6000u
#define REDIST 0x20000u
#define SGI_FRAME 0x10000u

static const uint32_t owned[3] = { OWNED, 0, 0 };
static const uint32_t others[1] = { OTHERS };

const struct vm_row vm_rows[VM_COUNT] = {
    { .name = "direct", .vcpu_first = 0, .vcpu_count = 2 },
    { .name = "other", .vcpu_first = 2, .vcpu_count = 1 },
    { .name = "none", .vcpu_first = 3, .vcpu_count = 1 },
};
const struct vcpu_row vcpu_rows[VCPU_COUNT] = {
    { .vm = 0, .index = 0, .pcpu = 4, .guest_id = 0 },
    { .vm = 0, .index = 1, .pcpu = 1, .guest_id = 0x101 },
    { .vm = 1, .index = 0, .pcpu = 2 },
    { .vm = 2, .index = 0, .pcpu = 3 },
};
const struct pcpu_row pcpu_rows[PCPU_COUNT] = {
    [4] = { .ipi_intid = 42 },
    [1] = { .ipi_intid = 43 },
    [2] = { .ipi_intid = 44 },
};
const struct irq_row irq_rows[IRQ_COUNT] = {
    [0] = { .owner = IRQ_VM, .vm = 0, .guest_intid = 32 },
    [2] = { .owner = IRQ_VM, .vm = 0, .guest_intid = 34 },
    [3] = { .owner = IRQ_VM, .vm = 1, .guest_intid = 35 },
    [4] = { .owner = IRQ_VM, .vm = 0, .guest_intid = 36, .edge = true },
    [9] = { .owner = IRQ_VM, .vm = 0, .guest_intid = DEVICE, .edge = true },
    [31] = { .owner = IRQ_VM, .vm = 0, .guest_intid = 63 },
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

static void start(void)
{
    fake_reset();
    fixture_vcpus_reset();
    for (uint32_t i = 0; i < VCPU_COUNT; i++) {
        vgic_vcpu_init(&vcpus[i]);
    }
    on(0);
    vgic_vm_reset(0);
    vgic_vcpu_reset(on(0));
    vgic_vcpu_reset(on(1));
    on(2);
    vgic_vm_reset(1);
    vgic_vcpu_reset(on(2));
    on(0);
    fake_calls_clear();
}

static uint64_t dist_read(uint32_t vcpu, uint64_t offset, unsigned size)
{
    return vgic_direct_dist_ops.read(on(vcpu), vcpus[vcpu].vm, offset, size);
}

static void dist_write(uint32_t vcpu, uint64_t offset, unsigned size, uint64_t value)
{
    vgic_direct_dist_ops.write(on(vcpu), vcpus[vcpu].vm, offset, size, value);
}

static uint64_t redist_read(uint32_t vcpu, uint32_t whose, uint64_t offset, unsigned size)
{
    return vgic_direct_redist_ops.read(on(vcpu), vcpus[vcpu].vm, whose * REDIST + offset, size);
}

static void redist_write(uint32_t vcpu, uint32_t whose, uint64_t offset, uint64_t value)
{
    vgic_direct_redist_ops.write(on(vcpu), vcpus[vcpu].vm, whose * REDIST + offset, 4, value);
}

static uint32_t enabled(uint32_t pcpu, uint32_t word)
{
    return arch_direct_get(pcpu, word, ARCH_DIRECT_ENABLED);
}

static void enables_wait_for_the_group(void)
{
    start();
    dist_write(0, ENABLE + 4, 4, UINT32_MAX);
    redist_write(0, 1, SGI_FRAME + ENABLE, UINT32_MAX);
    CHECK_EQ(dist_read(0, ENABLE + 4, 4), OWNED);
    CHECK_EQ(enabled(4, 1), 0);
    dist_write(0, 0, 4, 1); /* EnableGrp0 is kept, and without effect */
    CHECK_EQ(dist_read(0, 0, 4), 0x51);
    CHECK_EQ(enabled(4, 1), 0);
    dist_write(0, 0, 4, 2);
    CHECK_EQ(enabled(4, 1), OWNED);
    CHECK_EQ(enabled(1, 0), PRIVATE);
    CHECK_EQ(enabled(4, 0), 0);
    dist_write(0, DISABLE + 4, 4, 1u << 2);
    CHECK_EQ(enabled(4, 1), OWNED & ~(1u << 2));
    dist_write(0, 0, 4, 0);
    CHECK_EQ(enabled(4, 1), 0);
    CHECK_EQ(enabled(1, 0), 0);
    CHECK_EQ(dist_read(0, ENABLE + 4, 4), OWNED & ~(1u << 2));
}

/* Nothing that a VM writes reaches what it does not own, and it reads as not there. */
static void masks(void)
{
    static const uint32_t banks[] = { ENABLE, PEND, ACTIVATE, DISABLE, UNPEND, DEACTIVATE };

    start();
    dist_write(2, 0, 4, 2);
    for (unsigned i = 0; i < 3; i++) { /* of VM 1: all on */
        dist_write(2, banks[i] + 4, 4, UINT32_MAX);
    }
    dist_write(2, PRIORITY + 35, 1, 0x50);
    dist_write(0, 0, 4, 2);
    for (unsigned i = 0; i < sizeof(banks) / sizeof(banks[0]); i++) {
        for (uint32_t word = 0; word < 32; word++) {
            dist_write(0, banks[i] + 4 * word, 4, UINT32_MAX);
        }
    }
    for (uint32_t at = 0; at < 0x400; at += 4) {
        dist_write(0, PRIORITY + at, 4, UINT32_MAX);
    }
    for (uint32_t intid = 0; intid < 1020; intid++) {
        dist_write(0, ROUTER + 8 * intid, 8, 0x101);
    }
    for (uint32_t at = 0; at < 0x100; at += 4) {
        dist_write(0, CONFIG + at, 4, UINT32_MAX);
    }
    CHECK_EQ(enabled(0, 1), OTHERS);
    CHECK_EQ(arch_direct_get(0, 1, ARCH_DIRECT_PENDING), OTHERS);
    CHECK_EQ(arch_direct_get(0, 1, ARCH_DIRECT_ACTIVE), OTHERS);
    CHECK_EQ(arch_direct_priority_get(0, 35), 0x50);
    CHECK_EQ(fake_irq_route(35), 2);
    CHECK(!arch_direct_edge(0, 35));
    CHECK_EQ(fake_irq_route(42), 0);
    CHECK_EQ(dist_read(0, PRIORITY + 32, 4), 0x00f000f0);
    CHECK_EQ(dist_read(0, PEND + 4, 4), 0);
    CHECK_EQ(dist_read(0, ROUTER + 8 * 35, 8), 0);
    CHECK_EQ(dist_read(0, ENABLE + 4 * 20, 4), 0);
}

static void private_words(void)
{
    start();
    dist_write(0, 0, 4, 2);
    for (uint32_t whose = 0; whose < 2; whose++) {
        redist_write(0, whose, SGI_FRAME + ENABLE, UINT32_MAX);
        redist_write(0, whose, SGI_FRAME + PRIORITY + 24, UINT32_MAX);
    }
    CHECK_EQ(enabled(4, 0), PRIVATE);
    CHECK_EQ(enabled(1, 0), PRIVATE);
    CHECK_EQ(enabled(2, 0), 0);
    CHECK_EQ(redist_read(1, 0, SGI_FRAME + PRIORITY + 24, 4), 0xf0000000);
    CHECK_EQ(redist_read(1, 0, SGI_FRAME + GROUP, 4), PRIVATE);
    redist_write(0, 0, SGI_FRAME + GROUP, 0);
    CHECK_EQ(redist_read(1, 0, SGI_FRAME + GROUP, 4), PRIVATE);
    CHECK_EQ(redist_read(1, 0, SGI_FRAME + CONFIG, 4), 0xaaaaaaaa);
    CHECK_EQ(redist_read(1, 1, 8, 8) >> 32, 0x101);
    CHECK_EQ(redist_read(1, 1, 0x14, 4), 6);
    redist_write(0, 1, 0x14, 0);
    CHECK_EQ(redist_read(1, 1, 0x14, 4), 0);
    CHECK_EQ(redist_read(1, 0, 0x14, 4), 6);
    CHECK_EQ(redist_read(1, 0, 0x70, 8), 0); /* GICR_PROPBASER: no LPIs */
}

static void routing(void)
{
    start();
    dist_write(0, 0, 4, 2);
    dist_write(0, ENABLE + 4, 4, OWNED);
    CHECK_EQ(fake_irq_route(36), 4);
    dist_write(0, ROUTER + 8 * 36, 8, 0x101);
    CHECK_EQ(fake_irq_route(36), 1);
    CHECK_EQ(dist_read(0, ROUTER + 8 * 36, 8), 0x101);
    dist_write(0, ROUTER + 8 * 36, 8, 0x2); /* the VM has no such CPU */
    CHECK_EQ(enabled(4, 1), OWNED & ~(1u << 4));
    CHECK_EQ(dist_read(0, ENABLE + 4, 4), OWNED);
    dist_write(0, ROUTER + 8 * 36, 8, UINT64_C(1) << 31 | 0x101); /* there is no "any" */
    CHECK_EQ(dist_read(0, ROUTER + 8 * 36, 8), 0x101);
    CHECK_EQ(fake_irq_route(36), 1);
    CHECK_EQ(enabled(4, 1), OWNED);
}

/* A line is pending while it is high, whenever somebody looks. */
static void lines(void)
{
    uint32_t bit = 1u << (DEVICE - 32);

    start();
    vgic_set_line(on(0), DEVICE, true);
    CHECK_EQ(arch_direct_get(0, 1, ARCH_DIRECT_PENDING), bit);
    dist_write(0, UNPEND + 4, 4, bit);
    CHECK_EQ(arch_direct_get(0, 1, ARCH_DIRECT_PENDING), bit);
    arch_direct_clear(0, 1, ARCH_DIRECT_PENDING, bit); /* acknowledged */
    vgic_lines(on(1));
    CHECK_EQ(arch_direct_get(0, 1, ARCH_DIRECT_PENDING), bit);
    vgic_set_line(on(1), DEVICE, false);
    CHECK_EQ(arch_direct_get(0, 1, ARCH_DIRECT_PENDING), 0);
    vgic_lines(on(0));
    CHECK_EQ(arch_direct_get(0, 1, ARCH_DIRECT_PENDING), 0);
    on(2);
    vgic_post(0, DEVICE);
    CHECK_EQ(arch_direct_get(0, 1, ARCH_DIRECT_PENDING), bit);
    CHECK_EQ(fake_calls(FAKE_CALL_IPI), 0);
    vgic_set_line(on(0), DEVICE, false); /* was low: the doorbell stays */
    CHECK_EQ(arch_direct_get(0, 1, ARCH_DIRECT_PENDING), bit);
}

static void sgi(uint64_t value, uint64_t group1)
{
    const struct sysreg_row row = { .value = (uint16_t)group1 };

    fake_calls_clear();
    CHECK(sysreg_vgic_direct_sgi_ops.write(on(0), &row, value));
}

static void sgis(void)
{
    start();
    sgi(UINT64_C(15) << 24 | 1, 1);
    CHECK(fake_called(FAKE_CALL_SGI, 4, 15));
    CHECK_EQ(fake_calls(FAKE_CALL_SGI), 1);
    sgi(UINT64_C(3) << 24 | 1u << 16 | 2, 1); /* affinity 0.0.1.1 */
    CHECK(fake_called(FAKE_CALL_SGI, 1, 3));
    CHECK_EQ(fake_calls(FAKE_CALL_SGI), 1);
    sgi(UINT64_C(1) << 40, 1); /* all but itself: of this VM */
    CHECK(fake_called(FAKE_CALL_SGI, 1, 0));
    CHECK_EQ(fake_calls(FAKE_CALL_SGI), 1);
    sgi(UINT64_C(1) << 40, 0);
    sgi(UINT64_C(7) << 24 | 4, 1); /* nobody: physical CPU 2 is not the VM's 2 */
    CHECK_EQ(fake_calls(FAKE_CALL_SGI), 0);
}

static void deactivation(void)
{
    static const struct sysreg_row dir = { .value = 0 };
    static const struct sysreg_row ctlr = { .value = ARCH_DIRECT_CTLR };
    static const struct sysreg_row rpr = { .value = ARCH_DIRECT_RPR };
    uint64_t value;

    start();
    arch_direct_set(0, 1, ARCH_DIRECT_ACTIVE, OWNED | OTHERS);
    CHECK(sysreg_vgic_direct_dir_ops.write(on(0), &dir, 34));
    CHECK_EQ(arch_direct_get(0, 1, ARCH_DIRECT_ACTIVE), OWNED | OTHERS);
    CHECK(sysreg_vgic_direct_ops.write(on(0), &ctlr, 2));
    CHECK(sysreg_vgic_direct_dir_ops.write(on(0), &dir, 34));
    CHECK(sysreg_vgic_direct_dir_ops.write(on(0), &dir, 35));
    CHECK(sysreg_vgic_direct_dir_ops.write(on(0), &dir, 0xffffff));
    CHECK_EQ(arch_direct_get(0, 1, ARCH_DIRECT_ACTIVE), (OWNED | OTHERS) & ~(1u << 2));
    CHECK(!sysreg_vgic_direct_dir_ops.read(on(0), &dir, &value));
    CHECK(sysreg_vgic_direct_ops.read(on(0), &ctlr, &value));
    CHECK_EQ(value, 2);
    CHECK(!sysreg_vgic_direct_ops.write(on(0), &rpr, 0));
}

/* Of all numbers that a guest may write, those of its own interrupts alone, each its own. */
static void deactivation_by_number(void)
{
    static const struct sysreg_row dir = { .value = 0 };
    static const struct sysreg_row ctlr = { .value = ARCH_DIRECT_CTLR };

    start();
    CHECK(sysreg_vgic_direct_ops.write(on(0), &ctlr, 2));
    for (uint32_t word = 0; word < FAKE_IRQ_WORDS; word++) {
        arch_direct_set(4, word, ARCH_DIRECT_ACTIVE, UINT32_MAX);
    }
    for (uint32_t intid = 0; intid < 32 * FAKE_IRQ_WORDS; intid++) {
        uint32_t own = intid < 32 ? PRIVATE : intid < 64 ? OWNED : 0;

        CHECK(sysreg_vgic_direct_dir_ops.write(on(0), &dir, intid));
        for (uint32_t word = 0; word < FAKE_IRQ_WORDS; word++) {
            uint32_t gone = word == intid / 32 ? own & 1u << intid % 32 : 0;

            CHECK_EQ(arch_direct_get(4, word, ARCH_DIRECT_ACTIVE), UINT32_MAX & ~gone);
        }
        arch_direct_set(4, intid / 32, ARCH_DIRECT_ACTIVE, UINT32_MAX);
    }
}

static void restart(void)
{
    start();
    dist_write(0, 0, 4, 2);
    dist_write(0, ENABLE + 4, 4, OWNED);
    dist_write(0, ACTIVATE + 4, 4, OWNED);
    dist_write(0, PRIORITY + 36, 1, 0x40);
    dist_write(0, CONFIG + 8, 4, UINT32_MAX);
    dist_write(0, ROUTER + 8 * 36, 8, 0x101);
    dist_write(0, ROUTER + 8 * 63, 8, 0x2); /* nobody's */
    redist_write(0, 1, SGI_FRAME + ENABLE, UINT32_MAX);
    redist_write(0, 1, SGI_FRAME + PEND, 2);
    dist_write(2, 0, 4, 2); /* the other VM, which goes on */
    redist_write(2, 0, SGI_FRAME + ENABLE, UINT32_MAX);
    on(0);
    vgic_set_line(on(0), DEVICE, true);
    arch_direct_set(0, 1, ARCH_DIRECT_ACTIVE, OTHERS);
    vgic_vcpu_park(on(1));
    CHECK(fake_called(FAKE_CALL_DIRECT_PARK, 1, 0));
    vgic_vcpu_park(on(0));
    vgic_vm_reset(0);
    CHECK_EQ(enabled(4, 1), 0);
    CHECK_EQ(enabled(1, 0), 0);
    CHECK_EQ(arch_direct_get(1, 0, ARCH_DIRECT_PENDING), 0);
    CHECK_EQ(arch_direct_get(0, 1, ARCH_DIRECT_PENDING), 0);
    CHECK_EQ(arch_direct_get(0, 1, ARCH_DIRECT_ACTIVE), OTHERS);
    CHECK_EQ(arch_direct_priority_get(0, 36), 0);
    CHECK(!arch_direct_edge(0, 34) && arch_direct_edge(0, 36));
    CHECK_EQ(fake_irq_route(36), 4);
    CHECK_EQ(dist_read(0, 0, 4), 0x50);
    CHECK_EQ(dist_read(0, ENABLE + 4, 4), 0);
    CHECK_EQ(dist_read(2, 0, 4), 0x52);
    CHECK_EQ(enabled(2, 0), PRIVATE);
    vgic_vcpu_reset(on(0));
    CHECK(fake_called(FAKE_CALL_DIRECT_RESET, 4, 0));
    vgic_lines(on(0));
    CHECK_EQ(arch_direct_get(0, 1, ARCH_DIRECT_PENDING), 0);
    dist_write(0, 0, 4, 2);
    dist_write(0, ENABLE + 4, 4, OWNED); /* all are routed again */
    CHECK_EQ(enabled(4, 1), OWNED);
}

static void without_interrupts(void)
{
    start();
    vgic_vm_reset(2);
    vgic_vcpu_reset(on(3));
    CHECK(fake_called(FAKE_CALL_LR_OFF, 3, 0));
    vgic_refill(on(3));
    vgic_vcpu_park(on(3));
}

int main(void)
{
    TEST(enables_wait_for_the_group);
    TEST(masks);
    TEST(private_words);
    TEST(routing);
    TEST(lines);
    TEST(sgis);
    TEST(deactivation);
    TEST(deactivation_by_number);
    TEST(restart);
    TEST(without_interrupts);
    return test_result();
}
