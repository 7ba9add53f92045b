/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GUESTS_GIC_H
#define GUESTS_GIC_H

/* The GICv3 of the board, as test guests touch it past the runtime (IHI 0069 chapter 12). */

#include <bulkhead/mmio.h>
#include <bulkhead/sysreg.h>
#include <stdbool.h>
#include <stdint.h>

#define GICD UINT64_C(0x08000000)
#define GICR UINT64_C(0x080a0000)
#define GICR_STRIDE 0x20000u
#define GICR_SGI_FRAME 0x10000u

#define GICD_CTLR 0x000u
#define GICD_TYPER 0x004u
#define GICD_IIDR 0x008u
#define GICD_PIDR2 0xffe8u
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

#define SPURIOUS 1023u

/* Where the registers of `intid` are; SGIs and PPIs: CPU 0's. */
static inline uint64_t gic_frame(uint32_t intid)
{
    return intid < 32 ? GICR + GICR_SGI_FRAME : GICD;
}

static inline void gic_bit_write(uint32_t registers, uint32_t intid)
{
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

static inline uint32_t gic_acknowledge(void)
{
    const uint32_t intid = (uint32_t)SYSREG_READ(icc_iar1_el1);
    DSB(sy);
    return intid;
}

static inline void gic_end(uint32_t intid)
{
    SYSREG_WRITE(icc_eoir1_el1, intid);
    ISB();
}

#endif
