/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VDEV_PSCI_H
#define VDEV_PSCI_H

#include "vdev/vcpu.h"

/* Own CPU: PSCI 1.1 (DEN 0022).  Serves `function` of the guest, whose arguments are as wide as the
 * function; returns what x0 shall be, CALL_NOT_SUPPORTED for unknown functions.  Nothing reaches
 * firmware.  Sets vcpu->end where the call ends the run. */
int64_t psci_call(struct vcpu *vcpu, uint32_t function, const uint64_t args[3]);

#endif
