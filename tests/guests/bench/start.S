/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/guests/image_header.inc"

/* The benchmark guest's entry, vectors and timed loops: arm64 Image header, position independent,
 * MMU off, EL1; knows nothing of the hypervisor below it. */

    image_header
    adrp    x1, stack_top
    add     x1, x1, :lo12:stack_top
    mov     sp, x1
    adr     x1, vectors
    msr     vbar_el1, x1
    isb
    b       bench_main

    /* PSCI CPU_ON arrives here; x0: bottom of the stack's other end */
    .globl secondary_entry
secondary_entry:
    mov     sp, x0
    adr     x1, vectors
    msr     vbar_el1, x1
    isb
    b       bench_secondary

    /* An interrupt: the time is read by the third instruction. */
    .macro  interrupt
    stp     x0, x1, [sp, #-32]!
    stp     x2, x3, [sp, #16]
    mrs     x0, cntvct_el0
    b       interrupted
    .endm
    /* The time is read HANDLER_DELAY and up to 15 instructions later: handler_phase(). */
    .macro  interrupt_phased
    stp     x0, x1, [sp, #-32]!
    stp     x2, x3, [sp, #16]
    adrp    x0, irq_sled
    ldr     x0, [x0, :lo12:irq_sled]
    br      x0
    .rept   15
    nop
    .endr
sled_end:
    mrs     x0, cntvct_el0
    b       interrupted
    .endm
    .macro  vector_table name, handler
    .balign 0x800
\name:
    .rept   5
    .balign 0x80
    b       unexpected
    .endr
    .balign 0x80
    \handler                            /* current EL, SP_ELx: IRQ */
    .rept   10
    .balign 0x80
    b       unexpected
    .endr
    .endm
    vector_table vectors, interrupt
    vector_table vectors_phased, interrupt_phased

    .globl  handler_phase, handler_plain
handler_phase:
    adr     x1, sled_end
    sub     x1, x1, x0, lsl #2
    adrp    x2, irq_sled
    str     x1, [x2, :lo12:irq_sled]
    adr     x1, vectors_phased
    b       7f
handler_plain:
    adr     x1, vectors
7:  msr     vbar_el1, x1
    isb
    ret

interrupted:
    mrs     x1, icc_iar1_el1
    adrp    x2, irq_time
    str     x0, [x2, :lo12:irq_time]
    adrp    x2, irq_intid
    str     w1, [x2, :lo12:irq_intid]
    cmp     w1, #27
    b.ne    2f
    mov     x3, #2                      /* IMASK */
    msr     cntv_ctl_el0, x3
    isb
2:  cmp     w1, #34
    b.ne    3f
    mov     x3, #0x09010000             /* the clock's IMSC: its line goes low */
    str     wzr, [x3, #0x10]
3:  msr     icc_eoir1_el1, x1
    adrp    x2, irq_count
    ldr     w3, [x2, :lo12:irq_count]
    and     w3, w3, #31                 /* IRQ_LOG_COUNT */
    adrp    x2, irq_log_time
    add     x2, x2, :lo12:irq_log_time
    str     x0, [x2, x3, lsl #3]
    adrp    x2, irq_log_intid
    add     x2, x2, :lo12:irq_log_intid
    str     w1, [x2, x3, lsl #2]
    adrp    x2, irq_count
    ldr     w3, [x2, :lo12:irq_count]
    add     w3, w3, #1
    str     w3, [x2, :lo12:irq_count]
    ldp     x2, x3, [sp, #16]
    ldp     x0, x1, [sp], #32
    eret

    /* uint32_t probe32(uint64_t address): 0 where nothing is */
    .globl  probe32
probe32:
    ldr     w0, [x0]
    ret

unexpected:
    mrs     x1, elr_el1
    adr     x2, probe32
    cmp     x1, x2
    b.ne    9f
    add     x1, x1, #4
    msr     elr_el1, x1
    mov     x0, #0
    eret
9:  mrs     x0, esr_el1
    mrs     x1, elr_el1
    mrs     x2, far_el1
    b       bench_unexpected

/* uint64_t NAME(uint64_t x0, uint64_t x1): ticks of 1024 times the operation, which has x0 in x9 and
 * x1 in x10.  loop_empty tells what the loop itself costs. */
    .macro  timed name, body:vararg
    .globl  \name
\name:
    mov     x9, x0
    mov     x10, x1
    mov     x11, #1024
    isb
    mrs     x12, cntvct_el0
8:  \body
    subs    x11, x11, #1
    b.ne    8b
    isb
    mrs     x13, cntvct_el0
    sub     x0, x13, x12
    ret
    .endm

    .text
    timed   loop_empty
    .macro  call                        /* two instructions */
    mov     x0, x9
    hvc     #0
    .endm
    timed   loop_hvc        call
    timed   loop_read32     ldr w14, [x9]
    timed   loop_read16     ldrh w14, [x9]
    timed   loop_read8      ldrb w14, [x9]
    timed   loop_read64     ldr x14, [x9]
    timed   loop_write32    str w10, [x9]
    timed   loop_write16    strh w10, [x9]
    timed   loop_write8     strb w10, [x9]
    timed   loop_id         mrs x14, id_aa64pfr0_el1
    timed   loop_mpidr      mrs x14, mpidr_el1
    timed   loop_ctr        mrs x14, ctr_el0
    timed   loop_pmr        mrs x14, icc_pmr_el1
    timed   loop_cntv       mrs x14, cntv_ctl_el0

/* uint64_t loop_read32_every(uint64_t address): ticks of 32 reads into each of x0-x30. */
    .macro  read_into reg, base, count
    mov     x\base, x8
    mov     x\count, #32
4:  ldr     w\reg, [x\base]
    subs    x\count, x\count, #1
    b.ne    4b
    .endm
    .globl  loop_read32_every
loop_read32_every:
    stp     x19, x20, [sp, #-112]!
    stp     x21, x22, [sp, #16]
    stp     x23, x24, [sp, #32]
    stp     x25, x26, [sp, #48]
    stp     x27, x28, [sp, #64]
    stp     x29, x30, [sp, #80]
    mov     x8, x0
    isb
    mrs     x0, cntvct_el0
    str     x0, [sp, #96]
    .irp    reg, 0,1,2,3,4,5,6,7
    read_into \reg, 10, 11
    .endr
    .irp    reg, 9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30
    read_into \reg, 1, 2
    .endr
    read_into 8, 1, 2
    isb
    mrs     x0, cntvct_el0
    ldr     x1, [sp, #96]
    sub     x0, x0, x1
    ldp     x29, x30, [sp, #80]
    ldp     x27, x28, [sp, #64]
    ldp     x25, x26, [sp, #48]
    ldp     x23, x24, [sp, #32]
    ldp     x21, x22, [sp, #16]
    ldp     x19, x20, [sp], #112
    ret

/* void align_phase(uint64_t phase): returns so that the counter's tick, 16 instructions, is always
 * equally old but for `phase` instructions, 0 to 15.  Two readings in a row that differ have the tick
 * between them; the loop's odd length tries all 16 phases. */
    .globl  align_phase
align_phase:
    adr     x3, 6f
    sub     x3, x3, x0, lsl #2
5:  mrs     x1, cntvct_el0
    mrs     x2, cntvct_el0
    nop
    cmp     x1, x2
    b.eq    5b
    br      x3
    .rept   15
    nop
    .endr
6:  ret

/* uint64_t lines_rise(uint32_t lines): when the lines rose, SPIs from 0 on. It is somebody outside of
 * the board who makes them rise, while the CPU stands at lines_rise_here (tests/bench/lines.py). */
    .globl  lines_rise, lines_rise_here
lines_rise:
    mrs     x1, cntvct_el0
lines_rise_here:
    nop
    mov     x0, x1
    ret

    .bss
    .balign 16
    .skip   4096
stack_top:
    .globl  irq_time, irq_intid, irq_count
irq_time:
    .skip   8
irq_sled:
    .skip   8
irq_intid:
    .skip   4
irq_count:
    .skip   4
    .balign 8
    .globl  irq_log_time, irq_log_intid
irq_log_time:
    .skip   32 * 8
irq_log_intid:
    .skip   32 * 4
