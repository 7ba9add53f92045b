/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ARCH_FAKE_FAKE_H
#define ARCH_FAKE_FAKE_H

/*
 * Host model of an architecture for unit tests: physical interrupt controller, virtual CPU
 * interface, time and memory, with the calls that the hypervisor made kept for inspection.  Each
 * thread of a test is one physical CPU, named by fake_cpu_select(); a test without threads moves
 * between CPUs by the same call.
 *
 * Per-CPU state is touched by its own CPU only; physical interrupts and IPIs are atomic.
 */

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "arch/arch.h"
#include <tables.h>

#define FAKE_LR_MAX 16u
#define FAKE_IRQ_WORDS 32u

enum fake_call_kind {
    FAKE_CALL_ENABLE,     /* a: word, b: mask */
    FAKE_CALL_DISABLE,    /* a: word, b: mask */
    FAKE_CALL_PEND,       /* a: word, b: mask */
    FAKE_CALL_UNPEND,     /* a: word, b: mask */
    FAKE_CALL_CONFIGURE,  /* a: INTID, b: edge */
    FAKE_CALL_ROUTE,      /* a: INTID, b: pCPU */
    FAKE_CALL_DROP,       /* a: INTID */
    FAKE_CALL_DEACTIVATE, /* a: INTID */
    FAKE_CALL_IPI,        /* a: pCPU */
    FAKE_CALL_LR_SET,     /* a: list register, b: INTID */
    FAKE_CALL_CPU_START,  /* a: pCPU */
    FAKE_CALL_CPU_WAIT,
    FAKE_CALL_VCPU_RESET,   /* a: entry, b: argument */
    FAKE_CALL_COMPLETE,     /* a: value */
    FAKE_CALL_INJECT,       /* a: enum arch_fault */
    FAKE_CALL_FLUSH,        /* a: index of the VM */
    FAKE_CALL_MEM_FLUSH,    /* a: base, b: size */
    FAKE_CALL_SGI,          /* a: pCPU, b: the guest's SGI */
    FAKE_CALL_DIRECT_RESET, /* a: own pCPU */
    FAKE_CALL_DIRECT_PARK,  /* a: own pCPU */
    FAKE_CALL_LR_OFF,
    FAKE_CALL_KINDS
};

/* One CPU's virtual CPU interface and private registers. */
struct fake_cpu {
    uint64_t lr[FAKE_LR_MAX];
    uint32_t lr_control;
    uint32_t eoi_count;
    uint32_t active_priorities[2]; /* by group; bit n: priority n << 3 is active */
    uint32_t priority_mask;
    bool group_enabled[2];
    bool eoi_mode; /* ICC_CTLR_EL1.EOImode: EOI only drops the priority */
    uint64_t alarm;
    enum arch_map map;
};

extern struct fake_cpu fake_cpus[PCPU_COUNT];
extern uint32_t fake_lr_count; /* of all CPUs; 4 after fake_reset() */
extern _Atomic uint64_t fake_time;

/* The guest's physical timer, as arch_guest_timer_*() left it. */
struct fake_guest_timer {
    uint64_t control;
    uint64_t compare;
};
extern struct fake_guest_timer fake_guest_timer;

void fake_reset(void);               /* everything to power-on state; this thread is CPU 0 */
void fake_cpu_select(uint32_t pcpu); /* this thread acts as `pcpu` from now on */
uint32_t fake_calls(enum fake_call_kind kind); /* how often since fake_calls_clear() */
bool fake_called(enum fake_call_kind kind, uint64_t a, uint64_t b); /* with these, at least once */
void fake_calls_clear(void);

/* Physical interrupts: private ones (INTID < 32) are own CPU's. */
void fake_irq_pulse(uint32_t intid);           /* an edge */
void fake_irq_line(uint32_t intid, bool high); /* level of the wire */
bool fake_irq_active(uint32_t intid);
bool fake_irq_enabled(uint32_t intid);
bool fake_irq_pending(uint32_t intid);
uint32_t fake_irq_route(uint32_t intid);
bool fake_ipi_take(void); /* own CPU: was an IPI sent?  Clears it. */

/* Own CPU, acting as the guest: its CPU interface, group 1 unless said (GICv3 4.4-4.8). */
uint32_t fake_guest_iar(void); /* ICC_IAR1_EL1: INTID or 1023 */
uint32_t fake_guest_iar0(void);
bool fake_guest_irq(void); /* is an interrupt (of any group) signalled? */
void fake_guest_eoi(uint32_t intid);
void fake_guest_eoi0(uint32_t intid);
bool fake_guest_dir(uint32_t intid); /* false: ICC_DIR_EL1 trapped, nothing done */
uint32_t fake_guest_running(void);   /* ICC_RPR_EL1 */
bool fake_maintenance(void);         /* is the maintenance interrupt asserted? */

/* Registers of port I/O: RAX, RCX and RSI or RDI on x86. */
#define FAKE_ACCUMULATOR 0u
#define FAKE_COUNT 1u
#define FAKE_INDEX 7u

/* What arch_vcpu_enter() does on this thread: the test's guest.  NULL: an EXIT_CRASH. */
typedef void (*fake_guest_fn)(struct arch_vcpu *vcpu, struct exit *exit);
void fake_guest_set(fake_guest_fn guest);

/* What arch_workaround() answers. */
extern int32_t fake_workarounds[3];

/* What arch_firmware_call() does on all threads: the test's firmware.  NULL: nothing. */
typedef void (*fake_firmware_fn)(uint64_t registers[4]);
void fake_firmware_set(fake_firmware_fn firmware);

/* What arch_cpu_wait() and arch_cpu_relax() do: others go on meanwhile.  NULL: sched_yield(). */
typedef void (*fake_wait_fn)(void);
void fake_wait_set(fake_wait_fn wait);

/* How the process ends with the board: not like a test that went well. */
#define FAKE_EXIT_BOARD_OFF 70
#define FAKE_EXIT_BOARD_RESET 71

#endif
