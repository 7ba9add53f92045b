/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VDEV_MONITOR_H
#define VDEV_MONITOR_H

#include <stdbool.h>
#include <stdint.h>

#include "vdev/vcpu.h"

/*
 * Calls by which a monitor VM looks after those that its row lists (deployment: controls), in the
 * vendor-specific hypervisor service of SMCCC (DEN 0028 chapter 6), 64-bit: docs/hypercalls.md.
 * `n` numbers the VMs in the order of `controls`.  VMs without a row have no such calls.
 */
#define MONITOR_COUNT_VMS 0xc6000000u /* how many */
#define MONITOR_QUERY 0xc6000001u     /* n: x1 state, x2 last end, x3 starts and crashes << 32 */
#define MONITOR_STOP 0xc6000002u      /* n */
#define MONITOR_START 0xc6000003u     /* n */
#define MONITOR_RESTART 0xc6000004u   /* n */
#define MONITOR_EVENT 0xc6000005u /* n of one whose run ended since it was last told, or below */

/* x2 of MONITOR_QUERY; x1 is enum vm_state. */
enum monitor_end {
    MONITOR_END_NONE, /* it has not ended yet */
    MONITOR_END_OFF,
    MONITOR_END_RESET,
    MONITOR_END_CRASH,
    MONITOR_END_ORDERED, /* by a monitor or at the console */
};

#define MONITOR_SUCCESS 0
#define MONITOR_UNKNOWN (-2)   /* no such n */
#define MONITOR_BAD_STATE (-3) /* starts what is not off, stops or restarts what is */
#define MONITOR_NO_EVENT (-4)

/* Own CPU: serves call `function` of the guest; x0 is what it returns, others it sets itself. */
int64_t monitor_call(struct vcpu *vcpu, uint32_t function, uint64_t n);
/* Any CPU: a run of `vm` ended; its monitors get their doorbell. */
void monitor_ring(uint32_t vm);

#endif
