/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The EL2 vectors where a CPU of the board needs it: what its guest taught branch prediction is made
 * useless, then the ordinary vectors (world.S) go on as if nothing had been.  As Arm's "Spectre-BHB"
 * paper and SMCCC (DEN 0028, chapter 7) have it; a firmware of SMCCC 1.1 keeps x4 and up.
 *
 * Whether the CPU has to loop or call is found by branches that may be mispredicted, too: the barriers
 * where both ways meet end what was begun wrongly.
 */

    .macro  hardened offset
    .balign 0x80
    stp     x0, x1, [sp, #-32]!
    stp     x2, x3, [sp, #16]
    mrs     x0, tpidr_el2
    adrp    x1, speculation_entries
    add     x1, x1, :lo12:speculation_entries
    add     x1, x1, x0, lsl #3
    ldp     w0, w1, [x1]
    cbz     w1, 2f
1:  b       . + 4
    subs    w1, w1, #1
    b.ne    1b
2:  cbz     w0, 3f
    smc     #0
3:  dsb     nsh
    isb
    ldp     x2, x3, [sp, #16]
    ldp     x0, x1, [sp], #32
    b       aarch64_vectors + \offset
    .endm

    .macro  own offset
    .balign 0x80
    b       aarch64_vectors + \offset
    .endm

    .section .text.hardened_vectors, "ax"
    .balign 0x800
    .global aarch64_hardened_vectors
aarch64_hardened_vectors:
    .irp    offset, 0x000, 0x080, 0x100, 0x180, 0x200, 0x280, 0x300, 0x380
    own     \offset
    .endr
    .irp    offset, 0x400, 0x480, 0x500, 0x580, 0x600, 0x680, 0x700, 0x780
    hardened \offset
    .endr
