/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VDEV_CHANNEL_H
#define VDEV_CHANNEL_H

#include "vdev/vdev.h"

/*
 * The doorbell frame of one peer of a channel: a 4 KiB page of 32-bit registers.
 *   0x00 RO ID      0x42434831 ("BCH1")
 *   0x04 RO SELF    this peer's number, 0-based, in the channel's order
 *   0x08 RO PEERS   bitmap of peers that this one may ring
 *   0x0c RO SIZE    of the window in bytes (low word)   0x10 RO SIZE_HI
 *   0x14 WO RING    bitmap: rings those peers (bits outside PEERS are ignored)
 *   0x18 RW1C FROM  bitmap of peers that rang since it was last cleared
 * Ringing sets FROM of the rung peer and pends its (edge) doorbell interrupt.  When a VM starts,
 * its FROM registers are zero.
 */
extern const struct vdev_ops channel_ops; /* instance: index into channel_peer_rows */

#endif
