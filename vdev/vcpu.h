/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VDEV_VCPU_H
#define VDEV_VCPU_H

#include <stdatomic.h>
#include <stdint.h>

#include "arch/arch.h"
#include "gen/rows.h"
#include <tables.h>

/*
 * A vCPU and the ways other CPUs reach it.  One vCPU runs on one pCPU, pinned; only that pCPU
 * touches `arch`.  All other fields that others touch are atomic.
 */

/* What another CPU may ask; sent with vcpu_request(), served by the target at its next exit. */
enum vcpu_request {
    VCPU_REQUEST_STOP = 1u << 0,    /* leave vcpu_run() with VCPU_END_STOPPED */
    VCPU_REQUEST_VGIC = 1u << 1,    /* something became pending: look again */
    VCPU_REQUEST_RECALL = 1u << 2,  /* fold list registers back and wait (vgic.h) */
    VCPU_REQUEST_INBOX = 1u << 3,   /* interrupts from outside the VM wait in vm->inbox */
    VCPU_REQUEST_CONSOLE = 1u << 4, /* the VM's UART has new input or room for output */
    VCPU_REQUEST_START = 1u << 5,   /* power is VCPU_ON_PENDING */
    VCPU_REQUEST_ORDER = 1u << 6,   /* vCPU 0: its VM has an order (vm.h) */
};

/* PSCI 1.1 5.1.4 AFFINITY_INFO states, plus the moment in which a CPU_ON fills the entry. */
enum vcpu_power { VCPU_OFF, VCPU_CLAIMED, VCPU_ON_PENDING, VCPU_ON };

/* What ends a run: vcpu_run() handles everything else itself. */
enum vcpu_end {
    VCPU_END_NONE,    /* not ended: continue */
    VCPU_END_CPU_OFF, /* this vCPU alone went off */
    VCPU_END_OFF,     /* the VM asked for SYSTEM_OFF */
    VCPU_END_RESET,   /* the VM asked for SYSTEM_RESET */
    VCPU_END_CRASH,   /* the VM did something that it can't survive */
    VCPU_END_STOPPED, /* another CPU asked */
    VCPU_END_ORDERED, /* a monitor VM or the console stops or restarts this one */
};

struct vgic;
struct vgic_cpu;

struct vcpu {
    struct arch_vcpu arch; /* first: assembly reaches it through the pointer to the vCPU */
    const struct vcpu_row *row;
    const struct vm_row *vm_row;
    struct vgic *vgic; /* its VM's */
    struct vgic_cpu *vgic_cpu;
    uint16_t vm;               /* index into vm_rows, vms */
    uint16_t index;            /* index into vcpu_rows, vcpus */
    _Atomic uint32_t requests; /* enum vcpu_request */
    _Atomic uint32_t power;    /* enum vcpu_power */
    uint64_t start_entry;      /* valid in VCPU_ON_PENDING */
    uint64_t start_arg;
    enum vcpu_end end; /* set by a handler (PSCI) to end the run after this exit */
};

extern struct vcpu vcpus[VCPU_COUNT];

/* vCPUs of a VM.  A constant where no VM has several: what only these need is then not linked. */
static inline uint32_t vcpu_count_of(const struct vm_row *row)
{
    return VCPU_MAX_PER_VM > 1 ? row->vcpu_count : 1;
}

/* Any CPU: sets the request bits and sends an IPI to the vCPU's pCPU (not to own CPU). */
void vcpu_request(struct vcpu *vcpu, uint32_t requests);

/* Boot CPU, before the vCPU first runs: which short ways (arch/fast.h) it takes. */
void vcpu_fast_init(struct vcpu *vcpu);

/* Own CPU: runs the guest until something ends the run.  Serves device exits, interrupts and
 * requests meanwhile. */
enum vcpu_end vcpu_run(struct vcpu *vcpu);

/* Own CPU: serves all pending requests; returns what ends the run, if one of them does. */
enum vcpu_end vcpu_serve(struct vcpu *vcpu);

#endif
