/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ARCH_EXIT_H
#define ARCH_EXIT_H

#include <stdbool.h>
#include <stdint.h>

#include "gen/types.h"

/* Why a vCPU left guest mode; the vocabulary is the same for every architecture. */
enum exit_kind {
    EXIT_IRQ,    /* a physical interrupt wants the hypervisor: arch_irq_ack() tells which */
    EXIT_MMIO,   /* access to a hole in stage 2, decoded */
    EXIT_PORT,   /* x86 port access: IN, OUT, INS, OUTS */
    EXIT_SYSREG, /* trapped system register */
    EXIT_CALL,   /* HVC, SMC, ECALL, VMCALL: arguments are in the registers */
    EXIT_IDLE,   /* WFI, HLT where trapped */
    EXIT_UNDEF,  /* something the guest has no right to: answer with UNDEF */
    EXIT_ABORT,  /* access that has no owner or cannot be decoded: answer with an abort */
    EXIT_CRASH,  /* the guest can't go on (SError, stage-2 table fault): ends the VM */
};

struct exit_access {
    gpa_t gpa;
    uint64_t value; /* what a write writes, masked to the width */
    uint8_t size;   /* bytes: 1, 2, 4, 8 */
    bool write;
    bool sign;  /* a read is sign-extended */
    bool reg64; /* the target register is 64 bits wide */
    uint8_t reg;
};

/*
 * IN and OUT move one value between a port and the accumulator.  INS and OUTS move elements of
 * memory; REP repeats them, and one exit carries those of its elements that lie in one page.  Of
 * these any number may be done: the instruction is executed again for the others, so that
 * interrupts come between.
 */
struct exit_port {
    uint16_t port;
    uint8_t size; /* bytes: 1, 2, 4 */
    bool write;
    uint32_t value; /* OUT: what it writes, masked to the width */
    uint32_t count; /* INS, OUTS: elements, at least 1; 0: IN, OUT */
    bool down;      /* each element lies below the one before (EFLAGS.DF) */
    gpa_t gpa;      /* of the first element */
    gpa_t next; /* of the page in which an element goes on that crosses a page; count is 1 then */
};

struct exit_sysreg {
    uint32_t encoding; /* ARCH_SYSREG() */
    uint64_t value;    /* what a write writes */
    bool write;
    uint8_t reg;
};

struct exit_call {
    bool smc;           /* by SMC rather than HVC: returns to the same instruction set state */
    uint32_t immediate; /* of the instruction; conforming calls use 0 */
};

struct exit_fault {
    uint64_t syndrome; /* architecture's own word: ESR_EL2 */
    uint64_t address;  /* guest virtual address, where known */
    gpa_t gpa;
    const char *words; /* what happened, in words */
};

struct exit {
    enum exit_kind kind;
    union {
        struct exit_access access; /* EXIT_MMIO */
        struct exit_port port;
        struct exit_sysreg sysreg;
        struct exit_call call;
        struct exit_fault fault; /* EXIT_UNDEF, EXIT_ABORT, EXIT_CRASH */
    };
};

#endif
