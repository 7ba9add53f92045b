/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VDEV_VGIC_H
#define VDEV_VGIC_H

/*
 * The virtual GICv3 of a VM (IHI 0069 chapters 4, 12): distributor, one redistributor a vCPU, and
 * the filling of list registers.  Guests see a single security state (GICD_CTLR.DS = 1), affinity
 * routing always on, no LPIs, SPIs up to vgic_rows[vm].spi_count.
 *
 * State of one VM is guarded by that VM's lock (elided for one vCPU); other VMs, and CPUs that run
 * none of its vCPUs, reach it only by vgic_post().
 */

#include <stdbool.h>
#include <stdint.h>

#include "vdev/vcpu.h"
#include "vdev/vdev.h"

extern const struct vdev_ops vgic_dist_ops;   /* instance = VM; size 64 KiB */
extern const struct vdev_ops vgic_redist_ops; /* instance = VM; size 128 KiB * vcpu_count */

/* Boot CPU, before all others: the vCPU finds its state from now on. */
void vgic_vcpu_init(struct vcpu *vcpu);
/* Own CPU of vCPU 0, before the VM starts or restarts: the whole VM to reset state; its physical
 * interrupts disabled, deactivated, routed to vCPU 0's pCPU and configured as the rows say. */
void vgic_vm_reset(uint32_t vm);
/* Own CPU, before a vCPU starts: virtual CPU interface to reset state. */
void vgic_vcpu_reset(struct vcpu *vcpu);
/* Own CPU, when a vCPU stops (CPU_OFF, VM end), before that CPU waits for any other one: folds list
 * registers back, so that what is pending can go elsewhere; its PPIs are released. */
void vgic_vcpu_park(struct vcpu *vcpu);
/* Own CPU of vCPU 0, once the VM is over: all its physical interrupts disabled and released. */
void vgic_vm_quiet(uint32_t vm);

/* Own CPU: a physical interrupt that was acknowledged and dropped belongs to this vCPU's VM as
 * guest INTID `intid`; it stays physically active until the guest deactivates it. */
void vgic_inject_hardware(struct vcpu *vcpu, uint32_t intid);
/* Own CPU of any vCPU of the VM: level of an emulated device's line. */
void vgic_set_line(struct vcpu *vcpu, uint32_t intid, bool high);
/* Own CPU, after the guest accessed an emulated device: lines that are high interrupt again, where
 * nothing else would make them. */
void vgic_lines(struct vcpu *vcpu);
/* Any CPU, any VM: makes the edge interrupt `intid` (SPI) of `vm` pending.  Never waits. */
void vgic_post(uint32_t vm, uint32_t intid);
/* Own CPU: ICC_SGI1R_EL1 and friends: affinity list, range selector, or all but self. */
void vgic_send_sgi(struct vcpu *vcpu, uint64_t sgi1r, bool group1);

/* Own CPU, serving requests. */
void vgic_take_inbox(struct vcpu *vcpu); /* VCPU_REQUEST_INBOX */
void vgic_take_sgis(struct vcpu *vcpu);  /* the hypervisor's IPI came */
void vgic_refill(struct vcpu *vcpu);     /* VCPU_REQUEST_VGIC, maintenance interrupt */
void vgic_recall(struct vcpu *vcpu);     /* VCPU_REQUEST_RECALL */

/* Own CPU: guest wrote ICC_DIR_EL1 while it trapped. */
void vgic_deactivate(struct vcpu *vcpu, uint32_t intid);

#endif
