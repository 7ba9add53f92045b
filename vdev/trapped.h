/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VDEV_TRAPPED_H
#define VDEV_TRAPPED_H

#include "vdev/vdev.h"

/*
 * Registers of a real device in a page that several VMs share: what a VM is granted of each
 * register reaches the hardware, nothing else does.  A read gives the granted bits, the others
 * zero; a write changes the granted bits, the others stay.  Dispatch refuses accesses of a width
 * that the hardware does not take, so that no guest can make it answer with an error.
 *
 * The operations differ in the widths that they allow alone: trapped_ops[n] takes VDEV_SIZE_* as
 * the bits of n.
 */
#define TRAPPED_OPS_COUNT 16
extern const struct vdev_ops trapped_ops[TRAPPED_OPS_COUNT]; /* instance: index into trapped_rows */

#endif
