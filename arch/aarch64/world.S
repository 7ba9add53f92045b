/* SPDX-License-Identifier: Apache-2.0 */
#include "arch/aarch64/fast.h"

/*
 * The world switch and the EL2 vectors (Arm ARM D1.3.1.5).  One vCPU has its pCPU for itself, so
 * only the general registers change hands.
 */

    .section .text, "ax"

/*
 * uint32_t aarch64_enter(struct arch_vcpu *vcpu): runs the guest; returns the AARCH64_VECTOR_* by
 * which it came back.  The stack keeps our callee-saved registers and, on top, vcpu.
 */
    .global aarch64_enter
    .type aarch64_enter, %function
aarch64_enter:
    stp     x29, x30, [sp, #-112]!
    stp     x19, x20, [sp, #16]
    stp     x21, x22, [sp, #32]
    stp     x23, x24, [sp, #48]
    stp     x25, x26, [sp, #64]
    stp     x27, x28, [sp, #80]
    str     x0, [sp, #96]
    ldp     x2, x3, [x0, #16]
    ldp     x4, x5, [x0, #32]
    ldp     x6, x7, [x0, #48]
    ldp     x8, x9, [x0, #64]
    ldp     x10, x11, [x0, #80]
    ldp     x12, x13, [x0, #96]
    ldp     x14, x15, [x0, #112]
    ldp     x16, x17, [x0, #128]
    ldp     x18, x19, [x0, #144]
    ldp     x20, x21, [x0, #160]
    ldp     x22, x23, [x0, #176]
    ldp     x24, x25, [x0, #192]
    ldp     x26, x27, [x0, #208]
    ldp     x28, x29, [x0, #224]
    ldr     x30, [x0, #240]
    ldp     x0, x1, [x0]
    eret
    dsb     nsh                         /* no straight-line speculation past ERET */
    isb

    .macro  guest_exit vector
    .balign 0x80
    str     x0, [sp, #-16]!
    mov     x0, #\vector
    b       leave_guest
    .endm

    /* AArch64 guests, with Kconfig FAST_PATHS: what fast.S may answer at once, the call that has one
     * answer (arch/fast.h) here.  The frame is fast.S's; 0x93, 0x5a: its ESR_DATA_ABORT, ESR_HVC. */
    .macro  guest_sync
    .balign 0x80
    stp     x0, x1, [sp, #-FRAME]!
    mrs     x0, esr_el2
    lsr     w1, w0, #24
    cmp     w1, #ESR_DATA_ABORT
    b.eq    aarch64_fast_mmio
    mov     w1, #ESR_HVC
    cmp     w0, w1
    b.ne    aarch64_fast_other
    ldr     x1, [sp, #VCPU]
    ldr     w0, [sp]
    ldr     w1, [x1, #FAST_CALL]
    cmp     w0, w1
    b.ne    aarch64_fast_call
    ldr     x1, [sp, #VCPU]
    ldr     x0, [x1, #FAST_ANSWER]
    ldr     x1, [sp, #8]
    add     sp, sp, #FRAME
    eret
    dsb     nsh
    isb
    .endm

    .macro  guest_irq
    .balign 0x80
    stp     x0, x1, [sp, #-FRAME]!
    b       aarch64_fast_irq
    .endm

    .global aarch64_leave_irq
aarch64_leave_irq:
    str     x0, [sp, #-16]!
    mov     x0, #1
    b       leave_guest

    .global aarch64_leave_sync          /* where fast.S declines: as if nothing had been done */
aarch64_leave_sync:
    str     x0, [sp, #-16]!
    mov     x0, #0

leave_guest:
    str     x1, [sp, #8]
    mov     w1, w0
    ldr     x0, [sp, #(16 + 96)]        /* vcpu */
    stp     x2, x3, [x0, #16]
    ldp     x2, x3, [sp], #16
    stp     x2, x3, [x0]
    stp     x4, x5, [x0, #32]
    stp     x6, x7, [x0, #48]
    stp     x8, x9, [x0, #64]
    stp     x10, x11, [x0, #80]
    stp     x12, x13, [x0, #96]
    stp     x14, x15, [x0, #112]
    stp     x16, x17, [x0, #128]
    stp     x18, x19, [x0, #144]
    stp     x20, x21, [x0, #160]
    stp     x22, x23, [x0, #176]
    stp     x24, x25, [x0, #192]
    stp     x26, x27, [x0, #208]
    stp     x28, x29, [x0, #224]
    str     x30, [x0, #240]
    mov     w0, w1
    ldp     x19, x20, [sp, #16]
    ldp     x21, x22, [sp, #32]
    ldp     x23, x24, [sp, #48]
    ldp     x25, x26, [sp, #64]
    ldp     x27, x28, [sp, #80]
    ldp     x29, x30, [sp], #112
    ret
    .size aarch64_enter, . - aarch64_enter

/* An exception of ours is a bug: its stack may be gone, so it is told from another one, by the first
 * CPU that has one, once.  A guest's thread registers are lost, which no longer matters. */
    .macro  own_exception kind
    .balign 0x80
    msr     tpidr_el1, x0
    msr     tpidrro_el0, x1
    mov     x1, #\kind
    b       own_exception_common
    .endm

/* An SError at EL2: ours, but for the one that aarch64_serror_unmask() lets come. */
    .macro  own_serror
    .balign 0x80
    msr     tpidr_el1, x0
    msr     tpidrro_el0, x1
    mrs     x0, elr_el2
    adr     x1, serror_window
    sub     x0, x0, x1
    mov     x1, #3
    cmp     x0, #4
    b.hi    own_exception_common
    adr     x0, serror_window + 4
    msr     elr_el2, x0
    mrs     x0, esr_el2
    eret
    dsb     nsh
    isb
    .endm

/* uint64_t aarch64_serror_unmask(void): what the guest did last has its answer (DSB); an SError that
 * it left pending comes at the ISB at the latest (D1.3.4), and is given back as ESR_EL2; else 0.  From
 * here on those that come are ours. */
    .global aarch64_serror_unmask
    .type aarch64_serror_unmask, %function
aarch64_serror_unmask:
    mov     x0, #0
    dsb     sy
    msr     daifclr, #4
serror_window:
    isb
    ret
    .size aarch64_serror_unmask, . - aarch64_serror_unmask

own_exception_common:
    msr     tpidr_el0, x2
    msr     sp_el0, x3
    ldr     x0, =emergency_taken
1:  ldaxr   w2, [x0]
    cbnz    w2, 2f
    mov     w2, #1
    stxr    w3, w2, [x0]
    cbnz    w3, 1b
    mov     x3, sp
    ldr     x0, =(emergency_stack_end - 256)
    mov     sp, x0
    stp     x4, x5, [sp, #32]
    stp     x6, x7, [sp, #48]
    stp     x8, x9, [sp, #64]
    stp     x10, x11, [sp, #80]
    stp     x12, x13, [sp, #96]
    stp     x14, x15, [sp, #112]
    stp     x16, x17, [sp, #128]
    stp     x18, x19, [sp, #144]
    stp     x20, x21, [sp, #160]
    stp     x22, x23, [sp, #176]
    stp     x24, x25, [sp, #192]
    stp     x26, x27, [sp, #208]
    stp     x28, x29, [sp, #224]
    str     x30, [sp, #240]
    mrs     x4, tpidr_el1
    mrs     x5, tpidrro_el0
    stp     x4, x5, [sp]
    mrs     x4, tpidr_el0
    mrs     x5, sp_el0
    stp     x4, x5, [sp, #16]
    mov     x0, x1
    mov     x1, x3
    mov     x2, sp
    bl      aarch64_own_exception       /* (kind, stack pointer, registers) */
2:  wfi
    b       2b

    .section .text.vectors, "ax"
    .balign 0x800
    .global aarch64_vectors
aarch64_vectors:
    own_exception 0                     /* current EL, SP_EL0: never used */
    own_exception 1
    own_exception 2
    own_exception 3
    own_exception 0                     /* current EL, SP_EL2 */
    own_exception 1
    own_exception 2
    own_serror
#if CONFIG_FAST_PATHS
    guest_sync                          /* lower EL, AArch64 */
#else
    guest_exit 0                        /* lower EL, AArch64: AARCH64_VECTOR_SYNC */
#endif
#if CONFIG_FAST_PATHS && CONFIG_ARCH_GIC3
    guest_irq
#else
    guest_exit 1                        /* AARCH64_VECTOR_IRQ */
#endif
    guest_exit 2                        /* AARCH64_VECTOR_FIQ */
    guest_exit 3                        /* AARCH64_VECTOR_SERROR */
    guest_exit 0                        /* lower EL, AArch32 (EL0 of a guest) */
    guest_exit 1
    guest_exit 2
    guest_exit 3

    .section .bss.emergency_stack, "aw", %nobits
    .balign 16
emergency_stack:
    .skip   2048                        /* the audit tells what is needed */
emergency_stack_end:

    .section .bss.emergency_taken, "aw", %nobits
    .balign 4
emergency_taken:
    .skip   4
