/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_SMP_STATE_H
#define MONITOR_SMP_STATE_H

#include <stdatomic.h>
#include <stdint.h>

/* The channel's window; it outlives the target's runs. */
struct state {
    _Atomic uint32_t run;
    _Atomic uint32_t counts[2]; /* each vCPU's, in all runs */
};

#endif
