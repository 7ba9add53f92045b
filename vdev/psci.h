/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VDEV_PSCI_H
#define VDEV_PSCI_H

#include "vdev/vcpu.h"

/* Own CPU: an SMCCC call (HVC or SMC) of the guest: PSCI 1.1 (DEN 0022), SMCCC 1.2 (DEN 0028)
 * discovery.  Results go to x0-x3; unknown functions return NOT_SUPPORTED (-1).  Nothing reaches
 * firmware.  Sets vcpu->end where the call ends the run. */
void psci_call(struct vcpu *vcpu, const struct exit_call *call);

#endif
