/* SPDX-License-Identifier: Apache-2.0 */
#include <stdatomic.h>

#include "arch/aarch64/gic.h"
#include "arch/aarch64/sysreg.h"
#include "arch/arch.h"
#include "platform/panic.h"
#include <tables.h>

/* The physical GICv3, which only the hypervisor touches.  Every write below is to a register that
 * sets or clears bits, or to one that a single CPU owns, so no lock is needed. */

#define AFFINITY_LOW UINT64_C(0xffffff)
#define PRIORITIES 0x01010101u

static uint64_t redistributors[COUNT_AT_LEAST_ONE(PCPU_COUNT)];

static uint32_t reg_read(uint64_t address)
{
    return *(volatile uint32_t *)address;
}
static void reg_write(uint64_t address, uint32_t value)
{
    *(volatile uint32_t *)address = value;
}

static uint64_t distributor(void)
{
    return board_row.gic[0].base;
}

/* The frame that holds GICD_* registers of 32 interrupts: own redistributor's, or the
 * distributor. */
static uint64_t word_frame(uint32_t word)
{
    return word == 0 ? redistributors[arch_cpu_index()] + GICR_SGI_FRAME : distributor();
}

static void wait_writes(uint64_t ctlr, uint32_t rwp)
{
    while ((reg_read(ctlr) & rwp) != 0) {
        __asm__ volatile("yield");
    }
}

/* 32 SPIs that are disabled: nothing pending or active, group 1, one priority. */
static void spi_word_init(uint64_t gicd, uint32_t word)
{
    uint32_t offset = 4u * word;

    reg_write(gicd + GICD_ICPENDR + offset, UINT32_MAX);
    reg_write(gicd + GICD_ICACTIVER + offset, UINT32_MAX);
    reg_write(gicd + GICD_IGROUPR + offset, UINT32_MAX);
    reg_write(gicd + GICD_IGRPMODR + offset, 0);
    for (uint32_t n = 0; n < 8; n++) {
        reg_write(gicd + GICD_IPRIORITYR + 32u * word + 4u * n, GIC_PRIORITY_DEFAULT * PRIORITIES);
    }
}

/* All that the distributor has, not only what the plan uses: firmware may have left any enabled.
 * ARE stays as it is until it is set: to clear it is UNPREDICTABLE (12.9.4). */
void arch_irq_board_init(void)
{
    uint64_t gicd = distributor();
    uint32_t words = reg_read(gicd + GICD_TYPER) & GICD_TYPER_LINES;

    if (32u * words < IRQ_COUNT) {
        panic("board check: the GIC has %u shared interrupts, the plan uses SPI %u", 32u * words,
              IRQ_COUNT - 1u);
    }
    reg_write(gicd + GICD_CTLR, reg_read(gicd + GICD_CTLR) & GICD_CTLR_ARE);
    wait_writes(gicd + GICD_CTLR, GICD_CTLR_RWP);
    reg_write(gicd + GICD_CTLR, GICD_CTLR_ARE);
    for (uint32_t word = 1; word <= words; word++) {
        reg_write(gicd + GICD_ICENABLER + 4u * word, UINT32_MAX);
    }
    wait_writes(gicd + GICD_CTLR, GICD_CTLR_RWP);
    for (uint32_t word = 1; word <= words; word++) {
        spi_word_init(gicd, word);
    }
    for (uint32_t spi = 0; spi < IRQ_COUNT; spi++) {
        if (irq_rows[spi].owner != IRQ_NONE) {
            arch_irq_configure(GIC_SPI_FIRST + spi, irq_rows[spi].edge);
            arch_irq_route(GIC_SPI_FIRST + spi, 0);
        }
    }
    reg_write(gicd + GICD_CTLR, GICD_CTLR_ARE | GICD_CTLR_ENABLE_GRP1);
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
            uint32_t typer = reg_read(frame + GICR_TYPER);
            if (reg_read(frame + GICR_TYPER + 4) == affinity) {
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

    reg_write(gicr + GICR_WAKER, reg_read(gicr + GICR_WAKER) & ~GICR_WAKER_SLEEP);
    wait_writes(gicr + GICR_WAKER, GICR_WAKER_ASLEEP);
    reg_write(sgi + GICD_ICENABLER, UINT32_MAX);
    wait_writes(gicr + GICR_CTLR, GICR_CTLR_RWP);
    reg_write(sgi + GICD_ICPENDR, UINT32_MAX);
    reg_write(sgi + GICD_ICACTIVER, UINT32_MAX);
    reg_write(sgi + GICD_IGROUPR, UINT32_MAX);
    reg_write(sgi + GICD_IGRPMODR, 0);
    for (uint32_t n = 0; n < 8; n++) {
        reg_write(sgi + GICD_IPRIORITYR + 4u * n, GIC_PRIORITY_DEFAULT * PRIORITIES);
    }
    reg_write(sgi + GICD_ISENABLER,
              (1u << ARCH_IRQ_IPI) | (1u << ARCH_IRQ_MAINTENANCE) | (1u << ARCH_IRQ_TIMER));
}

/* The CPU interface of EL2: system registers, priority drop apart from deactivation (EOImode 1),
 * so that a guest's end of interrupt deactivates the physical one (8.2.4). */
/* SRE, DFB, DIB; Enable is clear: a guest's ICC_SRE_EL1 traps, so that it can't leave the system
 * register interface (12.2.33). */
#define ICC_SRE_OURS 0x7u
#define ICC_SRE_SRE 1u
#define ICC_CTLR_EOIMODE (1u << 1)

void arch_irq_cpu_init(void)
{
    uint32_t own = arch_cpu_index();

    AARCH64_WRITE(s3_4_c12_c9_5, ICC_SRE_OURS); /* ICC_SRE_EL2 */
    aarch64_isb();
    if ((AARCH64_READ(s3_4_c12_c9_5) & ICC_SRE_SRE) == 0) {
        panic("firmware keeps the GIC's system registers off: the board runs it as a GICv2");
    }
    AARCH64_WRITE(s3_0_c12_c12_5, 0x7); /* ICC_SRE_EL1 */
    redistributors[own] = find_redistributor(packed_affinity(pcpu_rows[own].hardware_id));
    redistributor_init(redistributors[own]);
    AARCH64_WRITE(s3_0_c12_c12_4, ICC_CTLR_EOIMODE); /* ICC_CTLR_EL1 */
    AARCH64_WRITE(s3_0_c4_c6_0, 0xff);               /* ICC_PMR_EL1 */
    AARCH64_WRITE(s3_0_c12_c12_3, 0);                /* ICC_BPR1_EL1 */
    AARCH64_WRITE(s3_0_c12_c12_7, 1);                /* ICC_IGRPEN1_EL1 */
    arch_lr_reset();
    aarch64_isb();
}

/* An LPI that firmware left enabled is done with: what was acknowledged must be dropped. */
uint32_t arch_irq_ack(void)
{
    uint32_t intid = (uint32_t)AARCH64_READ(s3_0_c12_c12_0); /* ICC_IAR1_EL1 */

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
    AARCH64_WRITE(s3_0_c12_c12_1, intid); /* ICC_EOIR1_EL1 */
    aarch64_isb();
}

/* An SPI may be active on another CPU (or none): the distributor's register reaches it always. */
void arch_irq_deactivate(uint32_t intid)
{
    if (intid < GIC_SPI_FIRST) {
        AARCH64_WRITE(s3_0_c12_c11_1, intid); /* ICC_DIR_EL1 */
        aarch64_isb();
    } else {
        reg_write(distributor() + GICD_ICACTIVER + 4u * (intid / 32u), 1u << (intid % 32u));
    }
}

void arch_irq_enable(uint32_t word, uint32_t mask)
{
    reg_write(word_frame(word) + GICD_ISENABLER + 4u * word, mask);
}

void arch_irq_disable(uint32_t word, uint32_t mask)
{
    reg_write(word_frame(word) + GICD_ICENABLER + 4u * word, mask);
    if (word == 0) {
        wait_writes(redistributors[arch_cpu_index()] + GICR_CTLR, GICR_CTLR_RWP);
    } else {
        wait_writes(distributor() + GICD_CTLR, GICD_CTLR_RWP);
    }
}

void arch_irq_pend(uint32_t word, uint32_t mask)
{
    reg_write(word_frame(word) + GICD_ISPENDR + 4u * word, mask);
}

void arch_irq_unpend(uint32_t word, uint32_t mask)
{
    reg_write(word_frame(word) + GICD_ICPENDR + 4u * word, mask);
}

uint32_t arch_irq_pending(uint32_t word)
{
    return reg_read(word_frame(word) + GICD_ISPENDR + 4u * word);
}

/* The interrupt is disabled.  Each SPI has one owner, but 16 share a register that has no set and
 * clear forms: two VMs may meet here, for the few instructions of one update. */
void arch_irq_configure(uint32_t intid, bool edge)
{
    static atomic_flag busy = ATOMIC_FLAG_INIT;
    uint64_t address = word_frame(intid / 32u) + GICD_ICFGR + 4u * (intid / 16u);
    uint32_t bit = 2u << (2u * (intid % 16u));

    while (atomic_flag_test_and_set_explicit(&busy, memory_order_acquire)) {
        __asm__ volatile("yield");
    }
    uint32_t value = reg_read(address);

    reg_write(address, edge ? value | bit : value & ~bit);
    atomic_flag_clear_explicit(&busy, memory_order_release);
}

void arch_irq_route(uint32_t intid, uint32_t pcpu)
{
    uint64_t address = distributor() + GICD_IROUTER + 8u * intid;

    *(volatile uint64_t *)address = pcpu_rows[pcpu].hardware_id;
}

void arch_ipi_send(uint32_t pcpu)
{
    uint64_t id = pcpu_rows[pcpu].hardware_id;
    uint64_t aff0 = id & 0xff;
    uint64_t sgi1r = ((id >> 32 & 0xff) << 48) | ((aff0 / 16) << 44) | ((id >> 16 & 0xff) << 32) |
                     ((uint64_t)ARCH_IRQ_IPI << 24) | ((id >> 8 & 0xff) << 16) |
                     (UINT64_C(1) << (aff0 % 16));

    __asm__ volatile("dsb ishst" : : : "memory"); /* what it announces is visible before it */
    AARCH64_WRITE(s3_0_c12_c11_5, sgi1r);         /* ICC_SGI1R_EL1 */
    aarch64_isb();
}
