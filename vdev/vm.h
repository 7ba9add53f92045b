/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VDEV_VM_H
#define VDEV_VM_H

#include <stdatomic.h>
#include <stdint.h>

#include "gen/rows.h"
#include "vdev/vcpu.h"
#include <tables.h>

enum vm_state { VM_OFF, VM_LOADING, VM_RUNNING, VM_STOPPING };

struct vm {
    _Atomic uint32_t state; /* enum vm_state */
    _Atomic uint32_t end;   /* enum vcpu_end: why it is stopping; first one wins */
    uint32_t restarts;      /* within the current window; boot pCPU only */
    uint64_t counter_base;  /* ticks of the board at which the VM's counter reads 0 */
    uint64_t window_start;  /* ticks */
};

extern struct vm vms[VM_COUNT];

#endif
