/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GUESTS_GIC_H
#define GUESTS_GIC_H

/* The GIC of QEMU's virt machine, as test guests touch it past the runtime: GICv3 (IHI 0069 chapter
 * 12) or GICv2 (IHI 0048 chapter 4), whichever the board has. */

#include <bulkhead/mmio.h>
#include <bulkhead/sysreg.h>
#include <stdbool.h>
#include <stdint.h>

#define GICD UINT64_C(0x08000000)
#define GICR UINT64_C(0x080a0000)
#define GICR_STRIDE 0x20000u
#define GICR_SGI_FRAME 0x10000u

#define GICC UINT64_C(0x08010000) /* GICv2 */

#define GICD_CTLR 0x000u
#define GICD_TYPER 0x004u
#define GICD_IIDR 0x008u
#define GICD_PIDR2 0xffe8u
#define GICD_PIDR2_V2 0xfe8u
#define GICR_TYPER 0x008u
#define GICR_WAKER 0x014u
#define IGROUPR 0x080u
#define ISENABLER 0x100u
#define ICENABLER 0x180u
#define ISPENDR 0x200u
#define ICPENDR 0x280u
#define ISACTIVER 0x300u
#define ICACTIVER 0x380u
#define IPRIORITYR 0x400u
#define ICFGR 0xc00u
#define IROUTER 0x6000u
#define ITARGETSR 0x800u
#define SGIR 0xf00u
#define CPENDSGIR 0xf10u
#define SPENDSGIR 0xf20u

#define GICC_CTLR 0x00u
#define GICC_CTLR_ENABLE0 (1u << 0)
#define GICC_CTLR_ENABLE1 (1u << 1)
#define GICC_CTLR_ACKNOWLEDGE1 (1u << 2) /* AckCtl: IAR gives group 1, too */
#define GICC_CTLR_FIQ (1u << 3)          /* group 0 as FIQ */
#define GICC_CTLR_EOIMODE (1u << 9)
#define GICC_PMR 0x04u
#define GICC_BPR 0x08u
#define GICC_IAR 0x0cu
#define GICC_EOIR 0x10u
#define GICC_RPR 0x14u
#define GICC_HPPIR 0x18u
#define GICC_DIR 0x1000u

#define SPURIOUS 1023u

/* ID_AA64PFR0_EL1.GIC: the system registers of a GICv3. */
static inline bool gic_is_v3(void)
{
    return (SYSREG_READ(id_aa64pfr0_el1) >> 24 & 0xf) != 0;
}

/* Where the registers of `intid` are; SGIs and PPIs: CPU 0's (GICv2: own CPU's). */
static inline uint64_t gic_frame(uint32_t intid)
{
    return intid < 32 && gic_is_v3() ? GICR + GICR_SGI_FRAME : GICD;
}

/* On a GICv2, SGIs are pended by registers of their own, each for one sender: CPU 0. */
static inline void gic_bit_write(uint32_t registers, uint32_t intid)
{
    if (!gic_is_v3() && intid < 16 && (registers == ISPENDR || registers == ICPENDR)) {
        mmio_write8(GICD + (registers == ISPENDR ? SPENDSGIR : CPENDSGIR) + intid, 1);
        return;
    }
    mmio_write32(gic_frame(intid) + registers + intid / 32 * 4, 1u << intid % 32);
}

static inline bool gic_bit(uint32_t registers, uint32_t intid)
{
    return mmio_read32(gic_frame(intid) + registers + intid / 32 * 4) >> intid % 32 & 1;
}

static inline void gic_priority(uint32_t intid, uint8_t priority)
{
    mmio_write8(gic_frame(intid) + IPRIORITYR + intid, priority);
}

static inline void gic_group(uint32_t intid, uint32_t group)
{
    const uint64_t address = gic_frame(intid) + IGROUPR + intid / 32 * 4;
    const uint32_t bit = 1u << intid % 32;
    const uint32_t value = mmio_read32(address);
    mmio_write32(address, group != 0 ? value | bit : value & ~bit);
}

static inline void gic_edge(uint32_t intid, bool edge)
{
    const uint64_t address = gic_frame(intid) + ICFGR + intid / 16 * 4;
    const uint32_t bit = 2u << intid % 16 * 2;
    const uint32_t value = mmio_read32(address);
    mmio_write32(address, edge ? value | bit : value & ~bit);
}

/* Interrupts waiting for this CPU's PSTATE mask: ISR_EL1.I and .F (DDI 0487 D17.2.71). */
static inline bool irq_waits(void)
{
    ISB();
    return SYSREG_READ(isr_el1) >> 7 & 1;
}

static inline bool fiq_waits(void)
{
    ISB();
    return SYSREG_READ(isr_el1) >> 6 & 1;
}

/* The group that programs use: GICv3's need not be told apart from secure ones, and a GICv2 has all
 * in group 0 at first. */
static inline uint32_t gic_usual_group(void)
{
    return gic_is_v3() ? 1 : 0;
}

static inline void gic_route(uint32_t spi, unsigned cpu)
{
    if (gic_is_v3()) {
        mmio_write64(GICD + IROUTER + 8 * (uint64_t)spi, cpu);
    } else {
        mmio_write8(GICD + ITARGETSR + spi, (uint8_t)(1u << cpu));
    }
}

/* GICD_CTLR: the usual group forwarded, or nothing. */
static inline void gic_forward(bool on)
{
    if (gic_is_v3()) {
        mmio_write32(GICD + GICD_CTLR, on ? 0x12 : 0x10); /* ARE */
    } else {
        mmio_write32(GICD + GICD_CTLR, on ? 1 : 0);
    }
}

static uint32_t gic_senders[16]; /* GICv2: of acknowledged SGIs, in their place in GICC_IAR */

static inline uint32_t gic_acknowledge(void)
{
    uint32_t intid;

    if (gic_is_v3()) {
        intid = (uint32_t)SYSREG_READ(icc_iar1_el1);
    } else {
        intid = mmio_read32(GICC + GICC_IAR);
        if ((intid & 0x3ff) < 16) {
            gic_senders[intid & 0xf] = intid & ~0x3ffu;
        }
        intid &= 0x3ff;
    }
    DSB(sy);
    return intid;
}

static inline uint32_t gic_acknowledged(uint32_t intid)
{
    return intid < 16 ? gic_senders[intid] | intid : intid;
}

static inline void gic_end(uint32_t intid)
{
    if (gic_is_v3()) {
        SYSREG_WRITE(icc_eoir1_el1, intid);
        ISB();
    } else {
        mmio_write32(GICC + GICC_EOIR, gic_acknowledged(intid));
    }
}

static inline void gic_deactivate(uint32_t intid)
{
    if (gic_is_v3()) {
        SYSREG_WRITE(icc_dir_el1, intid);
        ISB();
    } else {
        mmio_write32(GICC + GICC_DIR, gic_acknowledged(intid));
    }
}

/* The CPU interface: the usual group on, or off; the priority drop apart from the end, or not. */
static inline void gic_interface(bool on, bool split)
{
    if (gic_is_v3()) {
        SYSREG_WRITE(icc_ctlr_el1, split ? 2 : 0); /* EOImode */
        SYSREG_WRITE(icc_igrpen1_el1, on ? 1 : 0);
        SYSREG_WRITE(icc_igrpen0_el1, 0);
        ISB();
    } else {
        mmio_write32(GICC + GICC_CTLR,
                     (on ? GICC_CTLR_ENABLE0 : 0) | (split ? GICC_CTLR_EOIMODE : 0));
    }
}

static inline bool gic_interface_is_split(void)
{
    return gic_is_v3() ? SYSREG_READ(icc_ctlr_el1) >> 1 & 1
                       : (mmio_read32(GICC + GICC_CTLR) & GICC_CTLR_EOIMODE) != 0;
}

static inline void gic_mask(uint8_t priority)
{
    if (gic_is_v3()) {
        SYSREG_WRITE(icc_pmr_el1, priority);
        ISB();
    } else {
        mmio_write32(GICC + GICC_PMR, priority);
    }
}

static inline uint32_t gic_mask_read(void)
{
    return gic_is_v3() ? (uint32_t)SYSREG_READ(icc_pmr_el1) : mmio_read32(GICC + GICC_PMR);
}

static inline uint32_t gic_running(void)
{
    return gic_is_v3() ? (uint32_t)SYSREG_READ(icc_rpr_el1) : mmio_read32(GICC + GICC_RPR);
}

static inline uint32_t gic_highest(void)
{
    return gic_is_v3() ? (uint32_t)SYSREG_READ(icc_hppir1_el1)
                       : mmio_read32(GICC + GICC_HPPIR) & 0x3ff;
}

/* To a list of CPUs (bitmap of those with affinities 0.0.0.n). */
static inline void gic_send_list(uint32_t sgi, uint32_t cpus)
{
    DSB(ishst);
    if (gic_is_v3()) {
        SYSREG_WRITE(icc_sgi1r_el1, (uint64_t)sgi << 24 | cpus);
        ISB();
    } else {
        mmio_write32(GICD + SGIR, cpus << 16 | sgi);
    }
}

static inline void gic_send_others(uint32_t sgi)
{
    DSB(ishst);
    if (gic_is_v3()) {
        SYSREG_WRITE(icc_sgi1r_el1, (uint64_t)sgi << 24 | UINT64_C(1) << 40); /* IRM */
        ISB();
    } else {
        mmio_write32(GICD + SGIR, 1u << 24 | sgi);
    }
}

#endif
