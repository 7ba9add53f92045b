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
    EXIT_PORT,   /* x86 port access */
    EXIT_SYSREG, /* trapped system register */
    EXIT_CALL,   /* HVC, SMC, ECALL, VMCALL: arguments are in the registers */
    EXIT_IDLE,   /* WFI, HLT where trapped */
    EXIT_UNDEF,  /* something the guest has no right to: answer with UNDEF */
    EXIT_ABORT,  /* access that has no owner or cannot be decoded: answer with an abort */
    EXIT_CRASH,  /* the guest can't go on (SError, stage-2 table fault): ends the VM */
};

struct exit_access {
    gpa_t gpa;      /* for EXIT_PORT: the port number */
    uint64_t value; /* what a write writes, masked to the width */
    uint8_t size;   /* bytes: 1, 2, 4, 8 */
    bool write;
    bool sign;  /* a read is sign-extended */
    bool reg64; /* the target register is 64 bits wide */
    uint8_t reg;
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
        struct exit_access access; /* EXIT_MMIO, EXIT_PORT */
        struct exit_sysreg sysreg;
        struct exit_call call;
        struct exit_fault fault; /* EXIT_UNDEF, EXIT_ABORT, EXIT_CRASH */
    };
};

#endif
