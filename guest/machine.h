/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GUEST_MACHINE_H
#define GUEST_MACHINE_H

#include <stdbool.h>
#include <stdint.h>

#include "bulkhead/channel.h"
#include "bulkhead/cpu.h"
#include "uart.h"

struct machine_channel {
    char name[32];
    uint64_t window_base;
    uint64_t window_size;
    uint64_t doorbell_base; /* 0: none */
    uint32_t intid;         /* 0: none */
    bool writable;
};

/* What the device tree tells about the VM. */
struct machine {
    const struct uart *uart; /* its kind */
    uint64_t uart_base;      /* 0: none */
    uint32_t uart_intid;
    uint64_t gicd_base; /* distributor */
    uint64_t gicr_base; /* GICv3: redistributors, one behind the other */
    uint64_t gicr_size;
    uint64_t gicc_base;   /* GICv2: CPU interface; else 0 */
    uint32_t timer_intid; /* virtual timer */
    unsigned cpu_count;
    uint64_t cpu_ids[CPU_MAX]; /* MPIDR affinity fields */
    char bootargs[256];
    uint64_t watchdog_base; /* SBSA watchdog: control and refresh frame; 0: none */
    uint64_t watchdog_refresh_base;
    uint32_t watchdog_intid;
    char controls[1024]; /* names of VMs, each with its 0 at the end */
    unsigned control_count;
    uint32_t monitor_intid;
    unsigned channel_count;
    struct machine_channel channels[CHANNEL_MAX];
};

extern struct machine machine;

/* First CPU, once: fills `machine` from the device tree at `tree`.  The tree is not needed after.
 * False: there is no tree, or one without a GIC and a timer. */
bool machine_read(const void *tree);

#endif
