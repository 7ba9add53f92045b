/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VDEV_CALL_H
#define VDEV_CALL_H

#include "vdev/vcpu.h"

/* SMC Calling Convention (DEN 0028) 1.2 */
#define CALL_64 0x40000000u       /* set in the identifier of a 64-bit function */
#define CALL_NOT_SUPPORTED (-1)   /* what an unknown function returns (2.6) */
#define SMCCC_VERSION 0x80000000u /* chapter 7 */
#define SMCCC_ARCH_FEATURES 0x80000001u
#define SMCCC_ARCH_WORKAROUND_1 0x80008000u
#define SMCCC_ARCH_WORKAROUND_2 0x80007fffu
#define SMCCC_ARCH_WORKAROUND_3 0x80003fffu
/* Vendor-specific hypervisor service: which hypervisor this is (6.2). */
#define HYPERVISOR_UID 0x8600ff01u
#define HYPERVISOR_REVISION 0x8600ff03u

/* Own CPU: a call (HVC or SMC) of the guest goes to the service that its identifier in x0 names:
 * SMCCC discovery, PSCI, the hypervisor's own, or by HVC AxVM's channel calls.  Results go to
 * x0-x3.  Nothing reaches firmware but by a mediator (eemi.h).  docs/hypercalls.md lists all
 * numbers. */
void call_serve(struct vcpu *vcpu, const struct exit_call *call);

#endif
