/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AARCH64_GIC_H
#define AARCH64_GIC_H

/* Registers of the physical GICv3 (IHI 0069, chapter 12): distributor, redistributor. */

#define GICD_CTLR 0x0000u
#define GICD_TYPER 0x0004u
#define GICD_IGROUPR 0x0080u
#define GICD_ISENABLER 0x0100u
#define GICD_ICENABLER 0x0180u
#define GICD_ISPENDR 0x0200u
#define GICD_ICPENDR 0x0280u
#define GICD_ICACTIVER 0x0380u
#define GICD_IPRIORITYR 0x0400u
#define GICD_ICFGR 0x0c00u
#define GICD_IGRPMODR 0x0d00u
#define GICD_IROUTER 0x6000u

#define GICD_TYPER_LINES 0x1fu /* ITLinesNumber: words of SPIs */
#define GICD_CTLR_RWP (1u << 31)
#define GICD_CTLR_ARE (1u << 4)
#define GICD_CTLR_ENABLE_GRP1 (1u << 1) /* DS = 1: EnableGrp1; non-secure view: EnableGrp1A */

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
#define GIC_SPI_FIRST 32u
#define GIC_INTID_SPECIAL 1020u  /* 2.2.1: from here on none was acknowledged */
#define GIC_INTID_EXTENDED 1024u /* from here on: extended ranges and LPIs */

#endif
