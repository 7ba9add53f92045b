/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VDEV_VGIC2_STATE_H
#define VDEV_VGIC2_STATE_H

/* The GICv2 distributor's own registers (IHI 0048 4.3), private to vdev/vgic2*.c. */

#include "vdev/vgic_state.h"

#define VGIC2_CTLR 0x000u
#define VGIC2_TYPER 0x004u
#define VGIC2_IIDR 0x008u
#define VGIC2_ITARGETSR 0x800u
#define VGIC2_ITARGETSR_END 0xc00u
#define VGIC2_SGIR 0xf00u
#define VGIC2_CPENDSGIR 0xf10u
#define VGIC2_SPENDSGIR 0xf20u
#define VGIC2_SPENDSGIR_END 0xf30u
#define VGIC2_SGIR_SGI 0xfu
#define VGIC2_SGIR_TARGETS_SHIFT 16

/* vgic2_dist.c: whose a register of vgic_bank_read() is: own vCPU's, or (NULL) all. */
struct vgic_cpu *vgic2_bank_owner(const struct vcpu *vcpu, uint64_t offset);
/* What a write to such a register does: the pending state of SGIs has registers of its own. */
uint64_t vgic2_without_sgis(uint64_t offset, uint64_t value);
uint32_t vgic2_dist_fixed(const struct vcpu *vcpu, uint64_t offset);

/* vgic2_sgi.c: does a GICD_SGIR reach a vCPU that is on its list, or not, and sent it, or not? */
bool vgic2_sgi_reaches(uint32_t sgir, bool listed, bool self);
/* GICD_SGIR, GICD_CPENDSGIR, GICD_SPENDSGIR (`set`). */
void vgic2_sgi_send(struct vcpu *vcpu, uint32_t sgir);
uint32_t vgic2_sgi_pending_read(struct vcpu *vcpu, uint32_t first, unsigned size);
void vgic2_sgi_pending_write(struct vcpu *vcpu, uint32_t first, unsigned size, uint32_t value,
                             bool set);

#endif
