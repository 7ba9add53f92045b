/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ARCH_DIRECT_H
#define ARCH_DIRECT_H

/*
 * Part of the door of arch/arch.h, for vdev/vgic_direct*.c alone: the physical interrupt controller
 * as a VM with interrupts = "passthrough" uses it.  Such a VM takes its interrupts by the physical
 * CPU interface; the hypervisor's own reach its CPUs past it (GICv3: group 0, as FIQ).
 *
 * Guest priorities have four bits.  They map one to one, in order, to the less urgent half of the
 * physical ones, as those of non-secure software do where there are two security states (GICv3
 * 4.8.1).  So a binary point, too, means what it means there.
 */

#include <stdbool.h>
#include <stdint.h>

#define ARCH_DIRECT_PRIORITY_MASK 0xf0u

/* --- Distributor and redistributors: any CPU.  Bit n of a mask is INTID 32 * word + n; word 0 is
 * that of `pcpu`, which is ignored for others.  On a GICv2 another CPU's word 0 can't be reached:
 * it reads as zero and ignores writes. --- */

enum arch_direct_state { ARCH_DIRECT_ENABLED, ARCH_DIRECT_PENDING, ARCH_DIRECT_ACTIVE };
uint32_t arch_direct_get(uint32_t pcpu, uint32_t word, enum arch_direct_state state);
/* What was written to memory before is visible before the interrupt. */
void arch_direct_set(uint32_t pcpu, uint32_t word, enum arch_direct_state state, uint32_t mask);
/* Disabled interrupts are not presented any more when this returns. */
void arch_direct_clear(uint32_t pcpu, uint32_t word, enum arch_direct_state state, uint32_t mask);
uint8_t arch_direct_priority_get(uint32_t pcpu, uint32_t intid);
void arch_direct_priority_set(uint32_t pcpu, uint32_t intid, uint8_t priority);
bool arch_direct_edge(uint32_t pcpu, uint32_t intid);
void arch_direct_sgi(uint32_t pcpu, uint32_t sgi); /* the guest's SGI 0 to 15 */

/* GICv2: the pCPU's bit in GICD_ITARGETSR and GICD_SGIR, as all guests see it; own CPU's SGI: who
 * has it pending (bits of the same kind). */
uint32_t arch_direct_target(uint32_t pcpu);
uint8_t arch_direct_senders_get(uint32_t sgi);
void arch_direct_senders_change(uint32_t sgi, uint8_t senders, bool set);

/* --- The CPU interface of own CPU, which runs a vCPU of such a VM --- */

/* As the guest finds it after reset; of a GICv3 the registers below trap, of a GICv2 it is the
 * guest's altogether. */
void arch_direct_cpu_reset(void);
/* No interrupt of the guest is presented or active at this CPU any more, the hypervisor's are. */
void arch_direct_cpu_park(void);

/* What the guest and the hypervisor share (GICv3 12.2), in the guest's view. */
enum arch_direct_register {
    ARCH_DIRECT_PMR,  /* ICC_PMR_EL1 */
    ARCH_DIRECT_CTLR, /* ICC_CTLR_EL1: EOImode is the guest's; CBPR, PMHE read 0 */
    ARCH_DIRECT_RPR,  /* ICC_RPR_EL1, read-only */
};
uint64_t arch_direct_cpu_get(enum arch_direct_register reg);
void arch_direct_cpu_set(enum arch_direct_register reg, uint64_t value);

#endif
