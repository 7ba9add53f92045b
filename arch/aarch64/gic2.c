/* SPDX-License-Identifier: Apache-2.0 */
#include "arch/aarch64/gic2.h"

#include <stdatomic.h>

#include "arch/aarch64/sysreg.h"
#include "arch/arch.h"
#include "platform/panic.h"
#include <tables.h>

/*
 * The physical GICv2, by its registers in memory.  All interrupts stay in group 0, or in group 1
 * where firmware keeps group 0 for itself: the non-secure view of the registers has that group's
 * enables in the same bits (IHI 0048 3.9, 4.1.5), so nothing here depends on it.
 */

#define GICC_PMR_ALL 0xffu
#define ICC_SRE_SRE 1u

/* Target bit of each CPU's interface; 0: it has not come up yet. */
static _Atomic uint32_t targets[PCPU_COUNT];
/* GICC_IAR as it was for the SGI that own CPU has acknowledged: its end names the sender, too. */
static uint32_t acknowledged_sgi[PCPU_COUNT];

uint32_t gic2_target(uint32_t pcpu)
{
    uint32_t target = atomic_load(&targets[pcpu]);

    while (target == 0) {
        arch_cpu_relax();
        target = atomic_load(&targets[pcpu]);
    }
    return target;
}

/* There is no register that tells; a read behind the write sees it done. */
void gic_wait(uint32_t pcpu, uint32_t word)
{
    (void)pcpu;
    (void)word;
    (void)gic_read(gic_distributor() + GICD_CTLR);
    aarch64_dsb_sy();
}

/* The banked bytes for SGIs and PPIs tell who reads them (4.3.12); where there is one CPU only they
 * read as zero. */
static void find_own_target(void)
{
    uint32_t target = 0;

    for (uint32_t n = 0; n < 8 && target == 0; n++) {
        target = gic_read(gic_distributor() + GICD_ITARGETSR + 4u * n);
    }
    target = (target | target >> 8 | target >> 16 | target >> 24) & 0xffu;
    atomic_store(&targets[arch_cpu_index()], target != 0 ? target : 1u);
    arch_cpu_wake();
}

static void target_write(uint32_t intid, uint32_t target)
{
    *(volatile uint8_t *)(gic_distributor() + GICD_ITARGETSR + intid) = (uint8_t)target;
}

void arch_irq_board_init(void)
{
    uint64_t gicd = gic_distributor();
    uint32_t words = gic_spi_words();

    gic_write(gicd + GICD_CTLR, 0);
    find_own_target();
    gic_spis_init(words, 0);
    for (uint32_t spi = 0; spi < IRQ_COUNT; spi++) {
        if (irq_rows[spi].owner == IRQ_CONSOLE && gic_console_cpu() != 0) {
            target_write(GIC_SPI_FIRST + spi, 0); /* until that CPU comes up */
        }
    }
    gic_write(gicd + GICD_CTLR, GICD_CTLR_ENABLE_GRP0 | GICD_CTLR_ENABLE_GRP1);
}

void gic2_private_quiet(void)
{
    uint64_t gicd = gic_distributor();

    gic_write(gicd + GICD_ICENABLER, UINT32_MAX);
    gic_write(gicd + GICD_ICPENDR, UINT32_MAX);
    for (uint32_t n = 0; n < 4; n++) {
        gic_write(gicd + GICD_CPENDSGIR + 4u * n, UINT32_MAX);
    }
    gic_write(gicd + GICD_ICACTIVER, UINT32_MAX);
    gic_write(gicd + GICD_IGROUPR, 0);
    for (uint32_t n = 0; n < 8; n++) {
        gic_write(gicd + GICD_IPRIORITYR + 4u * n, GIC_PRIORITY_DEFAULT * GIC_PRIORITIES);
    }
}

void gic2_interface_reset(void)
{
    uint64_t gicc = gic2_cpu_interface();

    gic_write(gicc + GICC_CTLR, gic_read(gicc + GICC_CTLR) & GICC_CTLR_BYPASS);
    for (uint32_t n = 0; n < 4; n++) { /* as many as there may be: those that are not ignore it */
        gic_write(gicc + GICC_APR + 4u * n, 0);
    }
    if (gic_read(gicc + GICC_RPR) != GICC_RPR_IDLE) {
        gic_write(gicc + GICC_EOIR, 0); /* QEMU's model sees it with the next end of an interrupt */
    }
    gic_write(gicc + GICC_PMR, 0);
    gic_write(gicc + GICC_BPR, 0);
}

/* Where the CPU's guest has the interface while it runs, others call it by an SPI of its own, and
 * the console's interrupt goes elsewhere, if it can. */
static void enable_own_spis(void)
{
    uint32_t own = arch_cpu_index();
    uint32_t call = pcpu_rows[own].ipi_intid;

    if (call != 0) {
        arch_irq_route(call, own);
        arch_irq_enable(call / 32u, 1u << (call % 32u));
    }
    for (uint32_t spi = 0; spi < IRQ_COUNT; spi++) {
        if (irq_rows[spi].owner == IRQ_CONSOLE && own == gic_console_cpu()) {
            arch_irq_route(GIC_SPI_FIRST + spi, own);
        }
    }
}

/* Priority drop apart from deactivation (EOImode 1), so that a guest's end of interrupt deactivates
 * the physical one (3.2.1, 5.2.2). */
void gic2_take_cpu(void)
{
    uint64_t gicc = gic2_cpu_interface();
    uint32_t bypass = gic_read(gicc + GICC_CTLR) & GICC_CTLR_BYPASS;

    gic2_private_quiet();
    gic_write(gic_distributor() + GICD_ISENABLER,
              (1u << ARCH_IRQ_IPI) | (1u << ARCH_IRQ_MAINTENANCE) | (1u << ARCH_IRQ_TIMER));
    gic_write(gicc + GICC_PMR, GICC_PMR_ALL);
    gic_write(gicc + GICC_CTLR, bypass | GICC_CTLR_EOIMODE | GICC_CTLR_ENABLE);
    if (CONFIG_INTERRUPTS_PASSTHROUGH) {
        enable_own_spis();
    }
    aarch64_dsb_sy();
}

void arch_irq_cpu_init(void)
{
    find_own_target();
    gic2_interface_reset();
    gic2_take_cpu();
    arch_lr_reset();
}

/* A CPU whose GICv3 system registers are on has no interface in memory (IHI 0069 12.2.33). */
const char *gic_cpu_check(void)
{
    if (((AARCH64_READ(id_aa64pfr0_el1) >> 24) & 0xf) == 0) {
        return NULL;
    }
    AARCH64_WRITE(s3_4_c12_c9_5, 0); /* ICC_SRE_EL2 */
    aarch64_isb();
    return (AARCH64_READ(s3_4_c12_c9_5) & ICC_SRE_SRE) == 0
               ? NULL
               : "the CPU has the GICv3 system registers always on: the board runs another GIC "
                 "version";
}

uint32_t arch_irq_ack(void)
{
    uint32_t value = gic_read(gic2_cpu_interface() + GICC_IAR);
    uint32_t intid = value & GICC_INTID;

    aarch64_dsb_sy(); /* acknowledged before the device is read */
    if (intid >= GIC_INTID_SPECIAL) {
        return ARCH_IRQ_SPURIOUS;
    }
    if (intid < 16) {
        acknowledged_sgi[arch_cpu_index()] = value;
    }
    return intid;
}

static uint32_t as_acknowledged(uint32_t intid)
{
    return intid < 16 ? acknowledged_sgi[arch_cpu_index()] : intid;
}

void arch_irq_drop(uint32_t intid)
{
    gic_write(gic2_cpu_interface() + GICC_EOIR, as_acknowledged(intid));
}

/* An SPI may be active on another CPU (or none): the distributor's register reaches it always. */
void arch_irq_deactivate(uint32_t intid)
{
    if (intid < GIC_SPI_FIRST) {
        gic_write(gic2_dir(), as_acknowledged(intid));
    } else {
        gic_write(gic_distributor() + GICD_ICACTIVER + 4u * (intid / 32u), 1u << (intid % 32u));
    }
}

void arch_irq_route(uint32_t intid, uint32_t pcpu)
{
    target_write(intid, gic2_target(pcpu));
}

void gic_sgi_send(uint32_t pcpu, uint32_t sgi)
{
    __asm__ volatile("dsb ishst" : : : "memory");
    gic_write(gic_distributor() + GICD_SGIR, gic2_target(pcpu) << GICD_SGIR_TARGETS_SHIFT | sgi);
}
