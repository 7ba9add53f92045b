/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bulk memory for guest images: each line is cleaned to the point of coherency as it is written,
 * because a guest starts with its caches off (docs/arm-maintenance.md).  Cleaning invalidates as
 * well: early Cortex-A53 (errata 819472, 824069, 827319) may lose data of a line that is only
 * cleaned.  No cache line is shorter than 64 bytes here (checked by the callers, mem.c).
 */

    .section .text.mem, "ax"

    .macro  zero_line
    dc      zva, x0
    dc      civac, x0
    add     x0, x0, #64
    .endm

/* void aarch64_zero_lines(uint64_t base, uint64_t end): multiples of 64, which is what DC ZVA zeroes
 * (checked by the caller).  14 instructions for 256 bytes. */
    .global aarch64_zero_lines
    .type aarch64_zero_lines, %function
aarch64_zero_lines:
    sub     x2, x1, x0
    and     x2, x2, #0xc0               /* what is no multiple of 256 comes first */
    add     x2, x0, x2
1:  cmp     x0, x2
    b.eq    2f
    zero_line
    b       1b
2:  cmp     x0, x1
    b.eq    4f
3:  zero_line
    zero_line
    zero_line
    zero_line
    cmp     x0, x1
    b.ne    3b
4:  dsb     sy
    ret
    .size aarch64_zero_lines, . - aarch64_zero_lines

/* void aarch64_copy_lines(uint64_t target, uint64_t source, uint64_t end): target and end are
 * multiples of 64 (checked by the caller).  12 instructions for 64 bytes. */
    .global aarch64_copy_lines
    .type aarch64_copy_lines, %function
aarch64_copy_lines:
    cmp     x0, x2
    b.hs    2f
1:  ldp     x3, x4, [x1], #16
    ldp     x5, x6, [x1], #16
    ldp     x7, x8, [x1], #16
    ldp     x9, x10, [x1], #16
    stp     x3, x4, [x0]
    stp     x5, x6, [x0, #16]
    stp     x7, x8, [x0, #32]
    stp     x9, x10, [x0, #48]
    dc      civac, x0
    add     x0, x0, #64
    cmp     x0, x2
    b.lo    1b
2:  dsb     sy
    ret
    .size aarch64_copy_lines, . - aarch64_copy_lines
