/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VDEV_VCADENCE_H
#define VDEV_VCADENCE_H

#include "vdev/vdev.h"

/* A virtual Cadence UART as in Zynq devices (UG1085 chapter 21): FIFOs, interrupts, masks. */
extern const struct vdev_ops vcadence_ops; /* instance: index into vuart_rows; size 4 KiB */

#endif
