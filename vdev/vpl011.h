/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VDEV_VPL011_H
#define VDEV_VPL011_H

#include "vdev/vcpu.h"
#include "vdev/vdev.h"

/* A virtual PL011 UART (ARM DDI 0183): FIFOs, interrupts, masks, identification registers.  What
 * the guest sends goes to its console voice, which never makes it wait: a full voice shows as a
 * full FIFO. */
extern const struct vdev_ops vpl011_ops; /* instance: index into vpl011_rows; size 4 KiB */

/* Own CPU of a vCPU of the UART's VM, for VCPU_REQUEST_CONSOLE: takes input that came, updates the
 * interrupt line. */
void vpl011_poll(struct vcpu *vcpu);

#endif
