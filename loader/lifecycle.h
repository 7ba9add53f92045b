/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LOADER_LIFECYCLE_H
#define LOADER_LIFECYCLE_H

#include "vdev/vcpu.h"

/*
 * The life of VMs: start, CPU on and off, stop, restart, end.  Each VM has a home, the pCPU of its
 * vCPU 0: only the home loads, restarts and ends it, and only when all its vCPUs are off.
 */

/* Boot CPU, once, before any other CPU starts: all VMs and vCPUs off, channels zeroed. */
void lifecycle_init(void);

/* Own CPU for good: runs its vCPU whenever that is on; NULL: has none. */
_Noreturn void lifecycle_loop(struct vcpu *vcpu);

#endif
