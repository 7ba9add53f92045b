/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VDEV_VPL011_H
#define VDEV_VPL011_H

#include "vdev/vcpu.h"
#include "vdev/vdev.h"

/* A virtual PL011 UART (ARM DDI 0183): FIFOs, interrupts, masks, identification registers.  What
 * the guest sends goes to its console voice, which never makes it wait: a full voice shows as a
 * full FIFO. */
extern const struct vdev_ops vpl011_ops; /* instance: index into vpl011_rows; size 4 KiB */

void vpl011_vm_reset(uint32_t vm); /* before the VM starts: all its UARTs to reset state */
/* Own CPU of a vCPU of the UART's VM, for VCPU_REQUEST_CONSOLE: takes input that came, updates the
 * interrupt line. */
void vpl011_poll(struct vcpu *vcpu);
/* Own CPU of a vCPU, running or off, when its alarm came: lets out the line that the guest of the
 * console's keyboard left unfinished, or sets the alarm again. */
void vpl011_alarm(const struct vcpu *vcpu);

#endif
