/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VDEV_VGIC_BANK_H
#define VDEV_VGIC_BANK_H

/* Where the registers that hold 32 interrupts each are, in the distributor and in a
 * redistributor's SGI frame: IHI 0069 12.9 and 12.11. */

enum vgic_bank { /* offset / 0x80 */
                 VGIC_BANK_GROUP = 0x1,
                 VGIC_BANK_ENABLE = 0x2,
                 VGIC_BANK_DISABLE = 0x3,
                 VGIC_BANK_PEND = 0x4,
                 VGIC_BANK_UNPEND = 0x5,
                 VGIC_BANK_ACTIVATE = 0x6,
                 VGIC_BANK_DEACTIVATE = 0x7,
};

#define VGIC_PRIORITY_BASE 0x400u
#define VGIC_PRIORITY_END 0x800u
#define VGIC_CONFIG_BASE 0xc00u
#define VGIC_CONFIG_END 0xd00u

#endif
