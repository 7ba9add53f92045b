/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VDEV_VGIC_DIRECT_STATE_H
#define VDEV_VGIC_DIRECT_STATE_H

/* Private to vdev/vgic_direct*.c.  State is that of vdev/vgic_state.h, of which such a VM uses
 * `ctlr`, `router`, `route`, `waker`, and of words `enabled` and `line`, under the VM's lock. */

#include "vdev/vgic_state.h"

/* GICD_CTLR: EnableGrp1; of a GICv2 the one enable that non-secure software finds. */
#define VGIC_DIRECT_ENABLE (CONFIG_VDEV_VGIC2 ? 1u : 2u)
#define VGIC_DIRECT_EOI_MODE 2u /* ICC_CTLR_EL1.EOImode */

uint32_t vgic_direct_pcpu(const struct vgic_cpu *cpu);
/* Bits of a word that the VM has; word 0: its SGIs and timers. */
uint32_t vgic_direct_owned(uint32_t vm, uint32_t word);
/* Lock held: the hardware's enables of a word (word 0: of `cpu`) as the guest's registers together
 * want them. */
void vgic_direct_apply(uint32_t vm, struct vgic_cpu *cpu, uint32_t word);

void vgic_direct_ctlr_write(struct vcpu *vcpu, uint32_t value);

/* vgic_direct_bank.c: registers 0x080-0xcff, as vgic_bank_read() and vgic_bank_write(). */
uint64_t vgic_direct_bank_read(struct vcpu *vcpu, struct vgic_cpu *cpu, uint64_t offset,
                               unsigned size);
void vgic_direct_bank_write(struct vcpu *vcpu, struct vgic_cpu *cpu, uint64_t offset, unsigned size,
                            uint64_t value);

#endif
