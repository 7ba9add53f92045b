/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VDEV_ALARM_H
#define VDEV_ALARM_H

#include "vdev/vcpu.h"

/*
 * The hypervisor's timer of each CPU, shared by all who wait for a time there: the devices of the
 * VM whose vCPU the CPU runs, and the pause before a restart.
 */

/* Own CPU: an alarm at `deadline` (ticks) at the latest.  It tells all; who waits for a later time
 * asks again. */
void alarm_ask(uint64_t deadline);
/* Own CPU, where that interrupt can't come while the guest runs: takes an alarm that is due. */
void alarm_poll(struct vcpu *vcpu);
/* Own CPU: the timer's interrupt came.  vcpu: the CPU's own, on or off, or NULL. */
void alarm_take(struct vcpu *vcpu);

#endif
