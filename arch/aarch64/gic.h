/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AARCH64_GIC_H
#define AARCH64_GIC_H

/* Registers of the physical GIC (GICv3: IHI 0069, chapter 12): distributor, redistributor; and what
 * the files of this architecture that touch them share. */

#include <stdbool.h>
#include <stdint.h>

#include "arch/arch.h"
#include "arch/direct.h"
#include "gen/rows.h"
#include <tables.h>

#define GICD_CTLR 0x0000u
#define GICD_TYPER 0x0004u
#define GICD_IGROUPR 0x0080u
#define GICD_ISENABLER 0x0100u
#define GICD_ICENABLER 0x0180u
#define GICD_ISPENDR 0x0200u
#define GICD_ICPENDR 0x0280u
#define GICD_ISACTIVER 0x0300u
#define GICD_ICACTIVER 0x0380u
#define GICD_IPRIORITYR 0x0400u
#define GICD_ICFGR 0x0c00u
#define GICD_IGRPMODR 0x0d00u
#define GICD_IROUTER 0x6000u

#define GICD_TYPER_LINES 0x1fu /* ITLinesNumber: words of SPIs */
#define GICD_CTLR_RWP (1u << 31)
#define GICD_CTLR_DS (1u << 6)
#define GICD_CTLR_ARE (1u << 4)
#define GICD_CTLR_ENABLE_GRP1 (1u << 1) /* DS = 1: EnableGrp1; non-secure view: EnableGrp1A */
#define GICD_CTLR_ENABLE_GRP0 (1u << 0) /* DS = 1 only */

#define GICR_CTLR 0x0000u
#define GICR_CTLR_RWP (1u << 3)
#define GICR_TYPER 0x0008u
#define GICR_TYPER_LAST (1u << 4)
#define GICR_TYPER_VLPIS (1u << 1)
#define GICR_WAKER 0x0014u
#define GICR_WAKER_SLEEP (1u << 1)
#define GICR_WAKER_ASLEEP (1u << 2)
#define GICR_SGI_FRAME 0x10000u /* then the offsets of GICD_* for word 0 */

#define GIC_PRIORITY_DEFAULT 0xa0u
#define GIC_PRIORITIES 0x01010101u /* times a priority: that of four interrupts */
#define GIC_SPI_FIRST 32u
#define GIC_INTID_SPECIAL 1020u  /* 2.2.1: from here on none was acknowledged */
#define GIC_INTID_EXTENDED 1024u /* from here on: extended ranges and LPIs */

/* Where a CPU runs a guest that takes its interrupts itself ("direct"), every other interrupt of
 * that CPU is of group 0, and more urgent than any that the guest can have (arch/direct.h): the
 * guest's are in the lower half, as non-secure ones are where there are two security states
 * (4.8.1), so that no binary point makes a group priority of them that holds up ours. */
#define GIC_PRIORITY_OURS 0u
#define GIC_PRIORITY_GUEST(priority) (0x80u | ((priority)&0xf0u) >> 1)
#define GIC_PRIORITY_SEEN(priority) (((priority) << 1) & 0xf0u) /* by the guest */
#define GIC_PRIORITY_BITS_DIRECT 5u                             /* what that takes */

static inline uint32_t gic_read(uint64_t address)
{
    return *(volatile uint32_t *)address;
}
static inline void gic_write(uint64_t address, uint32_t value)
{
    *(volatile uint32_t *)address = value;
}

/* What HCR_EL2 is without while a guest runs that takes its interrupts itself: of a GICv2 both
 * groups are its own. */
#define GIC_HCR_DIRECT (CONFIG_ARCH_GIC2 ? HCR_IMO | HCR_FMO : HCR_IMO)

static inline bool gic_is_direct(uint32_t pcpu)
{
    return CONFIG_INTERRUPTS_PASSTHROUGH && pcpu_rows[pcpu].ipi_intid != 0;
}

static inline uint64_t gic_distributor(void)
{
    return board_row.gic[0].base;
}

extern uint64_t gic_redistributors[PCPU_COUNT]; /* GICv3: found by each CPU */

/* The frame that holds GICD_* registers of 32 interrupts: the pCPU's redistributor's, or the
 * distributor; of GICv2, which banks those of word 0, it is own CPU's. */
static inline uint64_t gic_word_frame(uint32_t pcpu, uint32_t word)
{
    return CONFIG_ARCH_GIC3 && word == 0 ? gic_redistributors[pcpu] + GICR_SGI_FRAME
                                         : gic_distributor();
}
static inline uint64_t gic_own_frame(uint32_t word)
{
    return gic_word_frame(word == 0 ? arch_cpu_index() : 0, word);
}

/* gic_dist.c: words of SPIs, enough for the plan; all of them (firmware may have left any enabled)
 * disabled, idle, in group 0 or 1 as the bits of `group` say, with the plan's triggers and routed
 * to CPU 0. */
uint32_t gic_spi_words(void);
void gic_spis_init(uint32_t words, uint32_t group);
/* The console's interrupt goes where no guest can hold it up, if there is such a CPU. */
uint32_t gic_console_cpu(void);
/* Until what was disabled there is not presented any more (GICD_CTLR.RWP, GICR_CTLR.RWP). */
void gic_wait(uint32_t pcpu, uint32_t word);
/* To this pCPU alone; what was written before is visible there. */
void gic_sgi_send(uint32_t pcpu, uint32_t sgi);
/* gic_dist.c: the registers that tell of a state, and set or clear it. */
uint64_t gic_bank(enum arch_direct_state state, bool set);
/* Own CPU: NULL, or in words why the board's GIC is another one than planned. */
const char *gic_cpu_check(void);
/* Own CPU: `intid` was acknowledged by a short way, and waits for arch_irq_ack(). */
void gic_acknowledged(uint32_t intid);
/* Own CPU: how many bits of a priority its CPU interface has (ICC_CTLR_EL1.PRIbits). */
uint32_t gic_priority_bits(void);

#endif
