/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VDEV_PSCI_H
#define VDEV_PSCI_H

#include "vdev/vcpu.h"

/* Function identifiers, their 32-bit forms: DEN 0022 (PSCI 1.1) chapter 5.  The 64-bit form of a
 * function has CALL_64 set. */
#define PSCI_VERSION 0x84000000u
#define PSCI_CPU_SUSPEND 0x84000001u
#define PSCI_CPU_OFF 0x84000002u
#define PSCI_CPU_ON 0x84000003u
#define PSCI_AFFINITY_INFO 0x84000004u
#define PSCI_MIGRATE_INFO_TYPE 0x84000006u
#define PSCI_SYSTEM_OFF 0x84000008u
#define PSCI_SYSTEM_RESET 0x84000009u
#define PSCI_FEATURES 0x8400000au
#define PSCI_SYSTEM_RESET2 0x84000012u

#define PSCI_VERSION_1_1 0x10001 /* what PSCI_VERSION says */

/* Own CPU: PSCI 1.1 (DEN 0022).  Serves `function` of the guest, whose arguments are as wide as the
 * function; returns what x0 shall be, CALL_NOT_SUPPORTED for unknown functions.  Nothing reaches
 * firmware.  Sets vcpu->end where the call ends the run. */
int64_t psci_call(struct vcpu *vcpu, uint32_t function, const uint64_t args[3]);

/* PSCI_FEATURES of `function`. */
ARCH_FAST_CALL int64_t psci_features(uint32_t function);
/* As fast_call() (arch/fast.h), of a function that is nobody else's. */
ARCH_FAST_CALL int64_t psci_fast_call(uint32_t function);

#endif
