/* SPDX-License-Identifier: Apache-2.0 */
#include "arch/direct.h"

#include "arch/aarch64/gic.h"
#include "arch/aarch64/sysreg.h"
#include "arch/arch.h"

/*
 * HCR_EL2.IMO = 0 and FMO = 1: at EL1 the group 1 registers of the CPU interface are the physical
 * ones, those of group 0 virtual (and dead: no list register is used), and so would be the common
 * ones, by which a guest's priority mask would be lost.  ICH_HCR_EL2.TC traps these, which are then
 * done to the physical interface (IHI 0069 12.2, 12.4.7).
 */

#define ICH_HCR_TC (UINT64_C(1) << 10)

#define ICC_CTLR_EOIMODE (UINT64_C(1) << 1)
#define ICC_CTLR_PRIBITS_SHIFT 8
#define ICC_CTLR_PRIBITS_MASK (UINT64_C(7) << ICC_CTLR_PRIBITS_SHIFT)
/* IDbits, SEIS, A3V, RSS, ExtRange: what the CPU has. */
#define ICC_CTLR_FIXED UINT64_C(0x000cf800)
#define PRIORITY_BITS 4u
#define IDLE_PRIORITY 0xffu

uint32_t arch_direct_get(uint32_t pcpu, uint32_t word, enum arch_direct_state state)
{
    return gic_read(gic_word_frame(pcpu, word) + gic_bank(state, true) + 4u * word);
}

void arch_direct_set(uint32_t pcpu, uint32_t word, enum arch_direct_state state, uint32_t mask)
{
    __asm__ volatile("dsb ishst" : : : "memory");
    gic_write(gic_word_frame(pcpu, word) + gic_bank(state, true) + 4u * word, mask);
}

void arch_direct_clear(uint32_t pcpu, uint32_t word, enum arch_direct_state state, uint32_t mask)
{
    gic_write(gic_word_frame(pcpu, word) + gic_bank(state, false) + 4u * word, mask);
    if (state == ARCH_DIRECT_ENABLED) {
        gic_wait(pcpu, word);
    }
}

static uint64_t priority_address(uint32_t pcpu, uint32_t intid)
{
    return gic_word_frame(pcpu, intid / 32u) + GICD_IPRIORITYR + intid;
}

uint8_t arch_direct_priority_get(uint32_t pcpu, uint32_t intid)
{
    uint32_t priority = *(volatile uint8_t *)priority_address(pcpu, intid);

    return (uint8_t)GIC_PRIORITY_SEEN(priority);
}

void arch_direct_priority_set(uint32_t pcpu, uint32_t intid, uint8_t priority)
{
    *(volatile uint8_t *)priority_address(pcpu, intid) = (uint8_t)GIC_PRIORITY_GUEST(priority);
}

bool arch_direct_edge(uint32_t pcpu, uint32_t intid)
{
    uint64_t address = gic_word_frame(pcpu, intid / 32u) + GICD_ICFGR + 4u * (intid / 16u);

    return (gic_read(address) >> (2u * (intid % 16u)) & 2u) != 0;
}

void arch_direct_sgi(uint32_t pcpu, uint32_t sgi)
{
    gic_sgi_send(pcpu, sgi);
}

/* ICC_AP1R<n>_EL1: no priority of group 1 is active.  How many there are follows from the number of
 * priority bits. */
static void forget_active_priorities(void)
{
    uint64_t bits = gic_priority_bits();

    AARCH64_WRITE(s3_0_c12_c9_0, 0);
    if (bits >= 6) {
        AARCH64_WRITE(s3_0_c12_c9_1, 0);
    }
    if (bits >= 7) {
        AARCH64_WRITE(s3_0_c12_c9_2, 0);
        AARCH64_WRITE(s3_0_c12_c9_3, 0);
    }
}

void arch_direct_cpu_reset(void)
{
    arch_lr_reset();
    AARCH64_WRITE(s3_4_c12_c11_0, ICH_HCR_TC); /* ICH_HCR_EL2 */
    forget_active_priorities();
    AARCH64_WRITE(s3_0_c12_c12_3, 0);                   /* ICC_BPR1_EL1: its minimum */
    AARCH64_WRITE(s3_0_c4_c6_0, GIC_PRIORITY_GUEST(0)); /* ICC_PMR_EL1 */
    AARCH64_WRITE(s3_0_c12_c12_4, 0);                   /* ICC_CTLR_EL1 */
    AARCH64_WRITE(s3_0_c12_c12_7, 0);                   /* ICC_IGRPEN1_EL1 */
    aarch64_isb();
}

void arch_direct_cpu_park(void)
{
    AARCH64_WRITE(s3_0_c12_c12_7, 0); /* ICC_IGRPEN1_EL1 */
    forget_active_priorities();
    aarch64_isb();
}

uint64_t arch_direct_cpu_get(enum arch_direct_register reg)
{
    uint64_t value = 0;

    switch (reg) {
    case ARCH_DIRECT_PMR:
        return GIC_PRIORITY_SEEN(AARCH64_READ(s3_0_c4_c6_0));
    case ARCH_DIRECT_CTLR:
        return (AARCH64_READ(s3_0_c12_c12_4) & (ICC_CTLR_FIXED | ICC_CTLR_EOIMODE)) |
               (PRIORITY_BITS - 1) << ICC_CTLR_PRIBITS_SHIFT;
    case ARCH_DIRECT_RPR:
        value = AARCH64_READ(s3_0_c12_c11_3);
        return value == IDLE_PRIORITY ? value : GIC_PRIORITY_SEEN(value);
    }
    return value;
}

void arch_direct_cpu_set(enum arch_direct_register reg, uint64_t value)
{
    if (reg == ARCH_DIRECT_PMR) {
        AARCH64_WRITE(s3_0_c4_c6_0, GIC_PRIORITY_GUEST(value));
    } else if (reg == ARCH_DIRECT_CTLR) {
        AARCH64_WRITE(s3_0_c12_c12_4, value & ICC_CTLR_EOIMODE);
    }
    aarch64_isb();
}
