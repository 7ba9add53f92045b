/* SPDX-License-Identifier: Apache-2.0 */

/* Offsets of struct trap, trap.h. */
#define FAULTS 0
#define ESCAPE 8
#define INTERRUPTS 16
#define LIMIT 24
#define SYNDROME 32
#define TRAP_SHIFT 6

/* EL1 with SP_EL0, all interrupts masked; SPSR_EL1.I and .F */
#define PSTATE_MASKED 0x3c4
#define PSTATE_IRQ_FIQ 0xc0
#define PSTATE_EL1 0x4 /* M[2]: set in AArch64 above EL0; clear in EL0 of both kinds */

    .macro  trap_begin
    .balign 0x80
    msr     tpidr_el0, x0
    msr     tpidrro_el0, x1
    adrp    x0, traps
    add     x0, x0, :lo12:traps
    mrs     x1, mpidr_el1
    and     x1, x1, #1
    add     x0, x0, x1, lsl #TRAP_SHIFT
    .endm

    .macro  vectors_of_one_stack
    trap_begin
    b       synchronous
    trap_begin
    b       irq
    trap_begin
    b       fiq
    trap_begin                          /* SError */
    b       trap_end
    .endm

    .section .text.attacker_vectors, "ax"
    .balign 2048
    .globl attacker_vectors
attacker_vectors:
    vectors_of_one_stack                /* EL1 with SP_EL0 */
    vectors_of_one_stack                /* EL1 with SP_EL1 */
    vectors_of_one_stack                /* EL0, AArch64 */
    vectors_of_one_stack                /* EL0, AArch32 */

synchronous:
    ldr     x1, [x0, #FAULTS]
    add     x1, x1, #1
    str     x1, [x0, #FAULTS]
    mrs     x1, esr_el1
    str     x1, [x0, #SYNDROME]
    ldr     x1, [x0, #ESCAPE]
    cbnz    x1, escape
    mrs     x1, elr_el1
    add     x1, x1, #4
    msr     elr_el1, x1
trap_end:
    mrs     x1, tpidrro_el0
    mrs     x0, tpidr_el0
    eret

irq:
    mrs     x1, icc_iar1_el1
    msr     icc_eoir1_el1, x1
    b       count_interrupt
fiq:
    mrs     x1, icc_iar0_el1
    msr     icc_eoir0_el1, x1
count_interrupt:
    ldr     x1, [x0, #INTERRUPTS]
    add     x1, x1, #1
    str     x1, [x0, #INTERRUPTS]
    mrs     x1, spsr_el1
    tst     x1, #PSTATE_EL1
    b.ne    1f
    ldr     x1, [x0, #ESCAPE]           /* EL0 is at work no longer */
    cbnz    x1, escape
1:  ldr     x1, [x0, #INTERRUPTS]
    ldr     x0, [x0, #LIMIT]
    cmp     x1, x0
    b.lo    2f
    mrs     x1, spsr_el1
    orr     x1, x1, #PSTATE_IRQ_FIQ
    msr     spsr_el1, x1
2:  yield                               /* other CPUs' turn, see random.h */
    b       trap_end

/* x1: the frame of attempt(), which returns false. */
escape:
    str     xzr, [x0, #ESCAPE]
    ldp     x19, x20, [x1]
    ldp     x21, x22, [x1, #16]
    ldp     x23, x24, [x1, #32]
    ldp     x25, x26, [x1, #48]
    ldp     x27, x28, [x1, #64]
    ldp     x29, x30, [x1, #80]
    msr     sp_el0, x1
    msr     elr_el1, x30
    mov     x1, #PSTATE_MASKED
    msr     spsr_el1, x1
    mov     x0, #0
    adrp    x1, attempt_end
    add     x1, x1, :lo12:attempt_end
    msr     elr_el1, x1
    eret

    .section .text.attempt, "ax"
    .globl attempt
attempt:
    sub     sp, sp, #96
    stp     x19, x20, [sp]
    stp     x21, x22, [sp, #16]
    stp     x23, x24, [sp, #32]
    stp     x25, x26, [sp, #48]
    stp     x27, x28, [sp, #64]
    stp     x29, x30, [sp, #80]
    bl      own_trap
    mov     x3, sp
    str     x3, [x2, #ESCAPE]
    mov     x30, x0
    ldp     x2, x3, [x1, #16]
    ldp     x4, x5, [x1, #32]
    ldp     x6, x7, [x1, #48]
    ldp     x8, x9, [x1, #64]
    ldp     x10, x11, [x1, #80]
    ldp     x12, x13, [x1, #96]
    ldp     x14, x15, [x1, #112]
    ldp     x16, x17, [x1, #128]
    ldp     x18, x19, [x1, #144]
    ldp     x20, x21, [x1, #160]
    ldp     x22, x23, [x1, #176]
    ldp     x24, x25, [x1, #192]
    ldp     x26, x27, [x1, #208]
    ldp     x28, x29, [x1, #224]
    ldp     x0, x1, [x1]
    blr     x30
    bl      own_trap                    /* back: what the code left in registers is of no use */
    str     xzr, [x2, #ESCAPE]
    ldp     x19, x20, [sp]
    ldp     x21, x22, [sp, #16]
    ldp     x23, x24, [sp, #32]
    ldp     x25, x26, [sp, #48]
    ldp     x27, x28, [sp, #64]
    ldp     x29, x30, [sp, #80]
    mov     x0, #1
attempt_end:
    add     sp, sp, #96
    ret

/* x2: the own struct trap; changes x3. */
own_trap:
    adrp    x2, traps
    add     x2, x2, :lo12:traps
    mrs     x3, mpidr_el1
    and     x3, x3, #1
    add     x2, x2, x3, lsl #TRAP_SHIFT
    ret

    .globl stub_hvc
stub_hvc:
    hvc     #0
    ret
    .globl stub_smc
stub_smc:
    smc     #0
    ret
    .globl stub_eret
stub_eret:
    eret
    .globl stub_load
stub_load:
    ldr     x1, [x0]
    ret
    .globl stub_store
stub_store:
    str     x1, [x0]
    ret
