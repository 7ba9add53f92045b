/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/guests/image_header.inc"

/* arm64 Image header, position independent, no MMU; vectors that note what comes. */

    image_header
    adrp    x1, stack_top
    add     x1, x1, :lo12:stack_top
    mov     sp, x1
    adrp    x1, vectors
    add     x1, x1, :lo12:vectors
    msr     vbar_el1, x1
    isb
    b       quiet_main

    /* Synchronous: x15 keeps ESR_EL1, and the instruction is left out.  Others: x15 = all ones, and
     * masked from then on. */
    .macro  interrupt
    .balign 0x80
    mov     x15, #-1
    mrs     x14, spsr_el1
    orr     x14, x14, #0x3c0
    msr     spsr_el1, x14
    eret
    .endm
    .macro  unused
    .balign 0x80
    b       .
    .endm

    .text
    .balign 0x800
vectors:
    unused
    unused
    unused
    unused
    .balign 0x80
    mrs     x15, esr_el1
    mrs     x14, elr_el1
    add     x14, x14, #4
    msr     elr_el1, x14
    eret
    interrupt
    interrupt
    interrupt
    .balign 0x80

    .bss
    .balign 16
    .skip   4096
stack_top:
