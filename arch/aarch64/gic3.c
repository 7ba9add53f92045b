/* SPDX-License-Identifier: Apache-2.0 */
#include "arch/aarch64/gic.h"
#include "arch/aarch64/sysreg.h"
#include "arch/arch.h"
#include "arch/direct.h"
#include "platform/panic.h"
#include <arch_fast.h>
#include <tables.h>

/* The physical GICv3, which only the hypervisor touches.  Every write below is to a register that
 * sets or clears bits, or to one that a single CPU owns, so no lock is needed. */

#define AFFINITY_LOW UINT64_C(0xffffff)

uint64_t gic_redistributors[PCPU_COUNT];

static bool own_is_direct(void)
{
    return CONFIG_INTERRUPTS_PASSTHROUGH && gic_is_direct(arch_cpu_index());
}

static void wait_writes(uint64_t ctlr, uint32_t rwp)
{
    while ((gic_read(ctlr) & rwp) != 0) {
        __asm__ volatile("yield");
    }
}

void gic_wait(uint32_t pcpu, uint32_t word)
{
    if (word == 0) {
        wait_writes(gic_redistributors[pcpu] + GICR_CTLR, GICR_CTLR_RWP);
    } else {
        wait_writes(gic_distributor() + GICD_CTLR, GICD_CTLR_RWP);
    }
}

/* An interrupt of ours for a CPU whose guest takes its own: group 0. */
static void make_ours(uint32_t intid)
{
    uint64_t group = gic_distributor() + GICD_IGROUPR + 4u * (intid / 32u);

    gic_write(group, gic_read(group) & ~(1u << (intid % 32u)));
    *(volatile uint8_t *)(gic_distributor() + GICD_IPRIORITYR + intid) = GIC_PRIORITY_OURS;
}

/* What other CPUs reach direct ones by, and group 0 as a whole. */
static void direct_init(uint64_t gicd)
{
    if ((gic_read(gicd + GICD_CTLR) & GICD_CTLR_DS) == 0) {
        panic("board check: interrupts = \"passthrough\" needs a GIC with one security state "
              "(GICD_CTLR.DS = 1)");
    }
    for (uint32_t pcpu = 0; pcpu < PCPU_COUNT; pcpu++) {
        uint32_t intid = pcpu_rows[pcpu].ipi_intid;

        if (gic_is_direct(pcpu)) {
            make_ours(intid);
            arch_irq_configure(intid, true);
            arch_irq_route(intid, pcpu);
            arch_irq_enable(intid / 32u, 1u << (intid % 32u));
        }
    }
    for (uint32_t spi = 0; spi < IRQ_COUNT; spi++) {
        if (irq_rows[spi].owner == IRQ_CONSOLE) {
            arch_irq_route(GIC_SPI_FIRST + spi, gic_console_cpu());
            if (gic_is_direct(gic_console_cpu())) {
                make_ours(GIC_SPI_FIRST + spi);
            }
        }
    }
    gic_write(gicd + GICD_CTLR, GICD_CTLR_ARE | GICD_CTLR_ENABLE_GRP1 | GICD_CTLR_ENABLE_GRP0);
}

/* ARE stays as it is until it is set: to clear it is UNPREDICTABLE (12.9.4). */
void arch_irq_board_init(void)
{
    uint64_t gicd = gic_distributor();
    uint32_t words = gic_spi_words();

    gic_write(gicd + GICD_CTLR, gic_read(gicd + GICD_CTLR) & GICD_CTLR_ARE);
    wait_writes(gicd + GICD_CTLR, GICD_CTLR_RWP);
    gic_write(gicd + GICD_CTLR, GICD_CTLR_ARE);
    for (uint32_t word = 1; word <= words; word++) {
        gic_write(gicd + GICD_IGRPMODR + 4u * word, 0);
    }
    gic_spis_init(words, UINT32_MAX);
    gic_write(gicd + GICD_CTLR, GICD_CTLR_ARE | GICD_CTLR_ENABLE_GRP1);
    if (CONFIG_INTERRUPTS_PASSTHROUGH) {
        direct_init(gicd);
    }
    wait_writes(gicd + GICD_CTLR, GICD_CTLR_RWP);
}

/* Aff3.Aff2.Aff1.Aff0 of MPIDR, as GICR_TYPER[63:32] has it. */
static uint32_t packed_affinity(uint64_t mpidr)
{
    return (uint32_t)((mpidr >> 8) & 0xff000000u) | (uint32_t)(mpidr & AFFINITY_LOW);
}

static uint64_t find_redistributor(uint32_t affinity)
{
    for (uint32_t region = 1; region < board_row.gic_count; region++) {
        uint64_t frame = board_row.gic[region].base;
        uint64_t end = frame + board_row.gic[region].size;

        while (frame < end) {
            uint32_t typer = gic_read(frame + GICR_TYPER);
            if (gic_read(frame + GICR_TYPER + 4) == affinity) {
                return frame;
            }
            if ((typer & GICR_TYPER_LAST) != 0) {
                break;
            }
            frame += (typer & GICR_TYPER_VLPIS) != 0 ? 0x40000u : 0x20000u;
        }
    }
    panic("no GIC redistributor for CPU %#x", affinity);
}

static void redistributor_init(uint64_t gicr)
{
    uint64_t sgi = gicr + GICR_SGI_FRAME;

    gic_write(gicr + GICR_WAKER, gic_read(gicr + GICR_WAKER) & ~GICR_WAKER_SLEEP);
    wait_writes(gicr + GICR_WAKER, GICR_WAKER_ASLEEP);
    gic_write(sgi + GICD_ICENABLER, UINT32_MAX);
    wait_writes(gicr + GICR_CTLR, GICR_CTLR_RWP);
    gic_write(sgi + GICD_ICPENDR, UINT32_MAX);
    gic_write(sgi + GICD_ICACTIVER, UINT32_MAX);
    gic_write(sgi + GICD_IGROUPR, UINT32_MAX);
    gic_write(sgi + GICD_IGRPMODR, 0);
    for (uint32_t n = 0; n < 8; n++) {
        gic_write(sgi + GICD_IPRIORITYR + 4u * n, GIC_PRIORITY_DEFAULT * GIC_PRIORITIES);
    }
    gic_write(sgi + GICD_ISENABLER,
              (1u << ARCH_IRQ_IPI) | (1u << ARCH_IRQ_MAINTENANCE) | (1u << ARCH_IRQ_TIMER));
}

/* Of a direct CPU's private interrupts only the hypervisor's timer is ours. */
static void redistributor_init_direct(uint64_t gicr)
{
    uint64_t sgi = gicr + GICR_SGI_FRAME;

    gic_write(sgi + GICD_ICENABLER, UINT32_MAX);
    wait_writes(gicr + GICR_CTLR, GICR_CTLR_RWP);
    for (uint32_t n = 0; n < 8; n++) {
        gic_write(sgi + GICD_IPRIORITYR + 4u * n, GIC_PRIORITY_GUEST(0u) * GIC_PRIORITIES);
    }
    *(volatile uint8_t *)(sgi + GICD_IPRIORITYR + ARCH_IRQ_TIMER) = GIC_PRIORITY_OURS;
    gic_write(sgi + GICD_IGROUPR, ~(1u << ARCH_IRQ_TIMER));
    gic_write(sgi + GICD_ISENABLER, 1u << ARCH_IRQ_TIMER);
}

const char *gic_cpu_check(void)
{
    return ((AARCH64_READ(id_aa64pfr0_el1) >> 24) & 0xf) != 0
               ? NULL
               : "the CPU has no GICv3 system registers: the board runs another GIC version";
}

uint32_t gic_priority_bits(void)
{
    return ((uint32_t)(AARCH64_READ(s3_0_c12_c12_4) >> 8) & 0x7u) + 1u; /* ICC_CTLR_EL1 */
}

/* The CPU interface of EL2: system registers, priority drop apart from deactivation (EOImode 1),
 * so that a guest's end of interrupt deactivates the physical one (8.2.4). */
/* SRE, DFB, DIB; Enable is clear: a guest's ICC_SRE_EL1 traps, so that it can't leave the system
 * register interface (12.2.33). */
#define ICC_SRE_OURS 0x7u
#define ICC_SRE_SRE 1u
#define ICC_CTLR_EOIMODE (1u << 1)

/* A direct CPU: group 0 is ours and always on, group 1 the guest's. */
static void cpu_init_direct(uint64_t gicr)
{
    if (gic_priority_bits() < GIC_PRIORITY_BITS_DIRECT) {
        panic("board check: interrupts = \"passthrough\" needs %u bits of interrupt priority",
              GIC_PRIORITY_BITS_DIRECT);
    }
    redistributor_init_direct(gicr);
    AARCH64_WRITE(s3_0_c12_c8_3, 0);  /* ICC_BPR0_EL1 */
    AARCH64_WRITE(s3_0_c12_c8_4, 0);  /* ICC_AP0R0_EL1 */
    AARCH64_WRITE(s3_0_c12_c12_6, 1); /* ICC_IGRPEN0_EL1 */
    arch_direct_cpu_reset();
}

void arch_irq_cpu_init(void)
{
    uint32_t own = arch_cpu_index();

    AARCH64_WRITE(s3_4_c12_c9_5, ICC_SRE_OURS); /* ICC_SRE_EL2 */
    aarch64_isb();
    if ((AARCH64_READ(s3_4_c12_c9_5) & ICC_SRE_SRE) == 0) {
        panic("firmware keeps the GIC's system registers off: the board runs it as a GICv2");
    }
    AARCH64_WRITE(s3_0_c12_c12_5, 0x7); /* ICC_SRE_EL1 */
    gic_redistributors[own] = find_redistributor(packed_affinity(pcpu_rows[own].hardware_id));
    redistributor_init(gic_redistributors[own]);
    if (gic_is_direct(own)) {
        cpu_init_direct(gic_redistributors[own]);
        return;
    }
    AARCH64_WRITE(s3_0_c12_c12_4, ICC_CTLR_EOIMODE); /* ICC_CTLR_EL1 */
    AARCH64_WRITE(s3_0_c4_c6_0, 0xff);               /* ICC_PMR_EL1 */
    AARCH64_WRITE(s3_0_c12_c12_3, 0);                /* ICC_BPR1_EL1 */
    AARCH64_WRITE(s3_0_c12_c12_7, 1);                /* ICC_IGRPEN1_EL1 */
    arch_lr_reset();
    aarch64_isb();
}

static uint32_t acknowledged[COUNT_AT_LEAST_ONE(PCPU_COUNT)]; /* + 1; 0: none. Each its CPU's own */

void gic_acknowledged(uint32_t intid)
{
    acknowledged[arch_cpu_index()] = intid + 1;
}

/* ICC_SGI*R_EL1 (12.2.16) but for the INTID: this pCPU alone. */
static uint64_t sgi_target(uint32_t pcpu)
{
    uint64_t id = pcpu_rows[pcpu].hardware_id;
    uint64_t aff0 = id & 0xff;

    return ((id >> 32 & 0xff) << 48) | ((aff0 / 16) << 44) | ((id >> 16 & 0xff) << 32) |
           ((id >> 8 & 0xff) << 16) | (UINT64_C(1) << (aff0 % 16));
}

uint64_t arch_fast_ipi_target(uint32_t pcpu)
{
    return sgi_target(pcpu) | (uint64_t)ARCH_IRQ_IPI << 24;
}

/* An LPI that firmware left enabled is done with: what was acknowledged must be dropped. */
uint32_t arch_irq_ack(void)
{
    uint32_t *before = &acknowledged[arch_cpu_index()];
    uint32_t intid;

    if (CONFIG_FAST_PATHS && *before != 0) {
        intid = *before - 1;
        *before = 0;
    } else if (own_is_direct()) {
        intid = (uint32_t)AARCH64_READ(s3_0_c12_c8_0); /* ICC_IAR0_EL1 */
    } else {
        intid = (uint32_t)AARCH64_READ(s3_0_c12_c12_0); /* ICC_IAR1_EL1 */
    }
    __asm__ volatile("dsb sy" : : : "memory"); /* 10.1.1: acknowledged before the device is read */
    if (intid < GIC_INTID_SPECIAL) {
        return intid;
    }
    if (intid >= GIC_INTID_EXTENDED) {
        arch_irq_drop(intid);
        AARCH64_WRITE(s3_0_c12_c11_1, intid); /* ICC_DIR_EL1 */
        aarch64_isb();
    }
    return ARCH_IRQ_SPURIOUS;
}

void arch_irq_drop(uint32_t intid)
{
    if (own_is_direct()) {
        AARCH64_WRITE(s3_0_c12_c8_1, intid); /* ICC_EOIR0_EL1 */
    } else {
        AARCH64_WRITE(s3_0_c12_c12_1, intid); /* ICC_EOIR1_EL1 */
    }
    aarch64_isb();
}

/* An SPI may be active on another CPU (or none): the distributor's register reaches it always.  On
 * a direct CPU EOImode is the guest's, on which ICC_DIR_EL1 depends. */
void arch_irq_deactivate(uint32_t intid)
{
    if (intid < GIC_SPI_FIRST && !own_is_direct()) {
        AARCH64_WRITE(s3_0_c12_c11_1, intid); /* ICC_DIR_EL1 */
        aarch64_isb();
    } else {
        uint64_t frame = own_is_direct() ? gic_own_frame(intid / 32u) : gic_distributor();

        gic_write(frame + GICD_ICACTIVER + 4u * (intid / 32u), 1u << (intid % 32u));
    }
}

void arch_irq_route(uint32_t intid, uint32_t pcpu)
{
    uint64_t address = gic_distributor() + GICD_IROUTER + 8u * intid;

    *(volatile uint64_t *)address = pcpu_rows[pcpu].hardware_id;
}

void gic_sgi_send(uint32_t pcpu, uint32_t sgi)
{
    __asm__ volatile("dsb ishst" : : : "memory");
    AARCH64_WRITE(s3_0_c12_c11_5, sgi_target(pcpu) | (uint64_t)sgi << 24); /* ICC_SGI1R_EL1 */
    aarch64_isb();
}
