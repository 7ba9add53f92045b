/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VDEV_VGIC_DIRECT_H
#define VDEV_VGIC_DIRECT_H

/*
 * The interrupt controller of a VM with interrupts = "passthrough".  Its interrupts reach it by the
 * physical CPU interface, without an exit; its accesses to distributor and redistributors are
 * emulated: masked to what the VM owns and done to the physical ones.  There are no list registers
 * and no software state of interrupts, but for what the hardware can't keep for one VM alone:
 * GICD_CTLR, the enables behind it, and the routes as the guest wrote them.
 *
 * Every interrupt of the VM is in group 1 (IGROUPR reads as ones): group 0 is the hypervisor's.
 * Priorities have four bits, as ICC_CTLR_EL1.PRIbits says.
 */

#include <stdbool.h>
#include <stdint.h>

#include "vdev/vcpu.h"
#include "vdev/vdev.h"

extern const struct vdev_ops vgic_direct_dist_ops;   /* instance = VM; size 64 KiB */
extern const struct vdev_ops vgic_direct_redist_ops; /* instance = VM; size 128 KiB * vcpu_count */

/* What vdev/vgic.h has, for such a VM; called from there. */
void vgic_direct_vm_reset(uint32_t vm);
void vgic_direct_vm_quiet(uint32_t vm);
void vgic_direct_vcpu_reset(struct vcpu *vcpu);
void vgic_direct_vcpu_park(struct vcpu *vcpu);
void vgic_direct_set_line(struct vcpu *vcpu, uint32_t intid, bool high);
void vgic_direct_post(uint32_t intid);
/* An emulated device raises an SPI without a wire, so its level is an edge each time that somebody
 * looks: while a line is high, each access of the guest to an emulated device pends it (this), and
 * when the line goes low a pending state is taken back. */
void vgic_direct_lines(struct vcpu *vcpu);

#endif
