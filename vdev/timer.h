/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VDEV_TIMER_H
#define VDEV_TIMER_H

#include "vdev/sysreg.h"
#include "vdev/vcpu.h"

/*
 * The physical counter and timer (CNTPCT_EL0, CNTP_*_EL0; Arm ARM D11.2) of a VM with a counter of
 * its own (deployment: counter = "own"), which starts at 0 with the VM.  The CPU's own physical
 * timer does the work, in the board's ticks: every value is exact.  The virtual timer needs
 * nothing of this: CNTVOFF_EL2 does it.
 */

/* Which register, in sysreg_row.value. */
enum timer_register {
    TIMER_CNTPCT,
    TIMER_CNTP_CTL,
    TIMER_CNTP_CVAL,
    TIMER_CNTP_TVAL,
};
extern const struct sysreg_ops timer_ops;

/* Own CPU, before a vCPU starts: the timer off, its compare value 0. */
void timer_vcpu_reset(struct vcpu *vcpu);

#endif
