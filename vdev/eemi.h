/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VDEV_EEMI_H
#define VDEV_EEMI_H

#include "vdev/vcpu.h"

/* Function identifiers of EEMI, the firmware interface of Zynq UltraScale+ (UG1200): SiP service
 * calls whose lowest bits say which. */
#define EEMI_CALL 0xc2000000u
#define EEMI_CALL_MASK 0xfffff000u

/* Own CPU: a guest's call of EEMI, with its arguments in x1 and x2.  What its VM's eemi_grant_rows
 * allow reaches firmware and returns with its results; the rest is refused as firmware would.
 * Returns x0 and sets x1. CALL_NOT_SUPPORTED for VMs that have no such firmware. */
int64_t eemi_call(struct vcpu *vcpu, uint32_t function, const uint64_t args[2]);

#endif
