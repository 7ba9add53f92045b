/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VDEV_WATCHDOG_H
#define VDEV_WATCHDOG_H

#include "vdev/vdev.h"

/*
 * The generic watchdog of a VM (Arm BSA 1.0, DEN 0094, "Generic Watchdog", version 1): two 4 KiB
 * frames of 32-bit registers.
 *   control 0x000 RW WCS     bit 0 EN, bit 1 RO WS0, bit 2 RO WS1
 *           0x008 RW WOR     ticks, low word   0x00c RW WOR[47:32]
 *           0x010 RW WCV     system counter at the next timeout, low word   0x014 RW high word
 *           0xfcc RO W_IIDR
 *   refresh 0x000 WO WRR     any value
 *           0xfcc RO W_IIDR
 * Writing WRR, WCS or WOR is a refresh.  The first timeout without one raises WS0, the VM's (edge)
 * interrupt; the second one raises WS1, which ends the VM as a crash.
 *
 * Where it differs from hardware: it runs from the VM's first instruction, with WOR at half of the
 * deployment's timeout, so that a guest that hangs before it knows of a watchdog is found too.  WS1
 * stays set in the VM's next run until the first refresh, as over a board's warm reset.
 */
extern const struct vdev_ops watchdog_control_ops; /* instance: index into watchdog_rows */
extern const struct vdev_ops watchdog_refresh_ops;

#endif
