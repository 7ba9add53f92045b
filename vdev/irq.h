/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VDEV_IRQ_H
#define VDEV_IRQ_H

#include "vdev/vcpu.h"

/* Own CPU: takes the physical interrupts that are pending and hands each to its owner: the vGIC,
 * the console, or nobody.  vcpu: the one of this CPU, running or off, NULL where it has none.  An
 * IPI is only taken: the caller looks at vcpu->requests next. */
void irq_take(struct vcpu *vcpu);

#endif
