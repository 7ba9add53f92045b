/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/guests/image_header.inc"

/* A guest that does what trace.S says, made by tests/guests/random/steps.py, and tells what it saw:
 * after each step all registers, and every exception.  arm64 Image header, MMU off, EL1. */

    image_header
    adrp    x1, stack_top
    add     x1, x1, :lo12:stack_top
    mov     sp, x1
    adr     x1, vectors
    msr     vbar_el1, x1
    isb
    b       random_main

    .macro  save
    sub     sp, sp, #256
    stp     x0, x1, [sp]
    stp     x2, x3, [sp, #16]
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
    mrs     x0, nzcv
    stp     x30, x0, [sp, #240]
    .endm
    .macro  restore
    ldp     x30, x0, [sp, #240]
    msr     nzcv, x0
    ldp     x28, x29, [sp, #224]
    ldp     x26, x27, [sp, #208]
    ldp     x24, x25, [sp, #192]
    ldp     x22, x23, [sp, #176]
    ldp     x20, x21, [sp, #160]
    ldp     x18, x19, [sp, #144]
    ldp     x16, x17, [sp, #128]
    ldp     x14, x15, [sp, #112]
    ldp     x12, x13, [sp, #96]
    ldp     x10, x11, [sp, #80]
    ldp     x8, x9, [sp, #64]
    ldp     x6, x7, [sp, #48]
    ldp     x4, x5, [sp, #32]
    ldp     x2, x3, [sp, #16]
    ldp     x0, x1, [sp]
    add     sp, sp, #256
    .endm

    /* By SVC #n, so that no register is spent: a step is done. */
    .balign 0x800
vectors:
    .rept   4
    .balign 0x80
    b       .
    .endr
    .balign 0x80
    save
    mov     x0, sp
    bl      random_note                 /* true: not the step's instruction */
    cbnz    w0, 2f
    mrs     x0, elr_el1
    add     x0, x0, #4
    msr     elr_el1, x0
2:  restore
    eret
    .rept   11
    .balign 0x80
    b       .
    .endr

    .bss
    .balign 16
    .skip   8192
stack_top:
