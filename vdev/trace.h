/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VDEV_TRACE_H
#define VDEV_TRACE_H

#include "platform/log.h"
#include "vdev/vcpu.h"
#include <names.h>

/*
 * What each vCPU's exits were and cost, for Kconfig TRACE.  Callers write `if (CONFIG_TRACE)`, so
 * that nothing of it is linked and nothing costs time where it is off.  Own CPU alone writes;
 * `./build.py
 * --run --trace` reads `trace` in the emulator's memory, by these structs and the names beside them
 * (gen/tool/trace.py).  A cost is from the exit's decoding to the moment before the guest goes on.
 */

#define TRACE_RUN                                                                                  \
    (EXIT_CRASH + 1u) /* a record's kind: no exit but a stretch in which the vCPU ran */
#define TRACE_KINDS (EXIT_CRASH + 1u)
#define TRACE_NO_ROW UINT16_MAX

struct trace_exit {
    uint64_t start;   /* ticks */
    uint64_t address; /* by kind: GPA, port, register, function, physical INTID, GPA of a fault */
    uint64_t value;   /* read or written; of a call what it returned; of a fault the syndrome; of a
                         run its end in ticks */
    uint32_t cost;    /* ticks; UINT32_MAX: as much or more */
    uint16_t row;     /* of the VM's rows of that kind */
    uint8_t kind;     /* enum exit_kind, TRACE_RUN */
    bool write;
};

/* The same in a ring, where others read it while own CPU goes on: each word is whole (relaxed), and
 * trace_vcpu's count tells whether they belong together. */
struct trace_record {
    _Atomic uint64_t start;
    _Atomic uint64_t address;
    _Atomic uint64_t value;
    _Atomic uint32_t cost;
    _Atomic uint16_t row;
    _Atomic uint8_t kind;
    _Atomic bool write;
};

struct trace_counter {
    _Atomic uint64_t count;
    _Atomic uint64_t cost; /* ticks, of all */
    _Atomic uint64_t most; /* ticks, of the dearest */
};

struct trace_vcpu {
    _Atomic uint64_t count; /* records ever; the newest CONFIG_TRACE_DEPTH are there */
    uint64_t run_start;     /* ticks; 0: it does not run */
    struct trace_exit now;  /* the exit that is served, if one is */
    bool open;              /* one is */
    struct trace_counter kinds[TRACE_KINDS];
    struct trace_counter mmio[COUNT_AT_LEAST_ONE(MMIO_ROW_MAX)]; /* by the VM's rows */
    struct trace_counter port[COUNT_AT_LEAST_ONE(PORT_ROW_MAX)];
    struct trace_counter sysreg[COUNT_AT_LEAST_ONE(SYSREG_ROW_MAX)];
    struct trace_record records[CONFIG_TRACE_DEPTH];
};

struct trace {
    _Atomic uint64_t hz; /* ticks a second; each CPU says the same */
    struct trace_vcpu vcpus[VCPU_COUNT];
};
extern struct trace trace;

struct trace_call_name {
    uint32_t function; /* 32-bit form */
    const char *name;
};
extern const struct trace_call_name trace_call_names[];
extern const char *const trace_kind_names[TRACE_KINDS];

void trace_run_begin(struct vcpu *vcpu);
void trace_run_end(struct vcpu *vcpu, enum vcpu_end end);
/* After an exit, and before the guest goes on from it; before the first exit of a run the second
 * does nothing. */
void trace_exit(const struct vcpu *vcpu, const struct exit *exit);
void trace_resume(const struct vcpu *vcpu, const struct exit *exit);
/* A physical interrupt was taken, in an exit or not.  vcpu: own CPU's, or NULL. */
void trace_irq(const struct vcpu *vcpu, uint32_t intid);
/* Any CPU: writes the last exits, in words, the oldest first; how many exits of each kind there
 * were. */
void trace_print(const struct vcpu *vcpu, enum log_level level);
void trace_print_counters(const struct vcpu *vcpu, enum log_level level);

#endif
