/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VDEV_TRACE_H
#define VDEV_TRACE_H

#include "vdev/vcpu.h"

/*
 * The last exits of each vCPU, for Kconfig TRACE.  Callers write `if (CONFIG_TRACE)`, so that
 * nothing of it is linked and nothing costs time where it is off.
 */

#define TRACE_DEPTH 32u /* exits kept for each vCPU, a power of two */

/* Own CPU: remembers an exit. */
void trace_exit(const struct vcpu *vcpu, const struct exit *exit);
/* Own CPU: writes the remembered exits to the log, the oldest first. */
void trace_print(const struct vcpu *vcpu);

#endif
