/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VDEV_VPL011_H
#define VDEV_VPL011_H

#include "vdev/vdev.h"

/* A virtual PL011 UART (ARM DDI 0183): FIFOs, interrupts, masks, identification registers. */
extern const struct vdev_ops vpl011_ops; /* instance: index into vuart_rows; size 4 KiB */

#endif
