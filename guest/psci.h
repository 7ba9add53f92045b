/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GUEST_PSCI_H
#define GUEST_PSCI_H

/* PSCI 1.1 (DEN 0022) functions and results that the runtime uses. */
#define PSCI_CPU_OFF 0x84000002u
#define PSCI_CPU_ON 0xc4000003u
#define PSCI_AFFINITY_INFO 0xc4000004u
#define PSCI_SYSTEM_OFF 0x84000008u
#define PSCI_SYSTEM_RESET 0x84000009u

#define PSCI_SUCCESS 0
#define PSCI_AFFINITY_OFF 1

#endif
