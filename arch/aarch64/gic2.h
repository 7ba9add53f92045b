/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AARCH64_GIC2_H
#define AARCH64_GIC2_H

/* Registers of the physical GICv2 (IHI 0048) beside those that GICv3 has alike (gic.h): SGIs and
 * targets in the distributor (4.3), CPU interface (4.4), virtual interface control (5.3). */

#include <stdint.h>

#include "arch/aarch64/gic.h"
#include <tables.h>

#define GICD_ITARGETSR 0x0800u
#define GICD_SGIR 0x0f00u
#define GICD_CPENDSGIR 0x0f10u
#define GICD_SPENDSGIR 0x0f20u
#define GICD_SGIR_TARGETS_SHIFT 16

#define GICC_CTLR 0x0000u
#define GICC_PMR 0x0004u
#define GICC_BPR 0x0008u
#define GICC_IAR 0x000cu
#define GICC_EOIR 0x0010u
#define GICC_RPR 0x0014u
#define GICC_RPR_IDLE 0xffu
#define GICC_APR 0x00d0u
#define GICC_DIR 0x1000u

#define GICC_CTLR_ENABLE (1u << 0)
#define GICC_CTLR_BYPASS 0x1e0u /* wires past a disabled interface: as firmware left them */
#define GICC_CTLR_EOIMODE (1u << 9)
#define GICC_INTID 0x3ffu /* of IAR; above it, for an SGI: the CPU interface that sent it */

#define GICH_HCR 0x0000u
#define GICH_VTR 0x0004u
#define GICH_VMCR 0x0008u
#define GICH_ELRSR 0x0030u
#define GICH_APR 0x00f0u
#define GICH_LR 0x0100u

/* board_row.gic has GICD, GICC, GICH and GICV, in the order of the tree. */
static inline uint64_t gic2_cpu_interface(void)
{
    return board_row.gic[1].base;
}
static inline uint64_t gic2_control(void)
{
    return board_row.gic[2].base;
}
/* A board that repeats each page of the CPU interface over 64 KiB has GICC_DIR behind them. */
static inline uint64_t gic2_dir(void)
{
    return gic2_cpu_interface() + (board_row.gic[1].size >= 0x20000u ? 0x10000u : GICC_DIR);
}

/* Any CPU: the bit of the pCPU's interface in GICD_ITARGETSR and GICD_SGIR; waits until that CPU,
 * which firmware has started or soon will, has told it. */
uint32_t gic2_target(uint32_t pcpu);

/* gic2.c, own CPU: its SGIs and PPIs disabled, idle, of one priority; its CPU interface as after
 * reset, with nothing active; the hypervisor's interrupts come to it. */
void gic2_private_quiet(void);
void gic2_interface_reset(void);
void gic2_take_cpu(void);

#endif
