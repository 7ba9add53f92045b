/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bulk memory for guest images: each line is cleaned to the point of coherency as it is written,
 * because a guest starts with its caches off (docs/arm-maintenance.md).  Cleaning invalidates as
 * well: early Cortex-A53 (errata 819472, 824069, 827319) may lose data of a line that is only
 * cleaned.
 */

    .section .text, "ax"

/* void aarch64_zero_lines(uint64_t base, uint64_t end, uint64_t zva_bytes): multiples of zva_bytes,
 * which is at least a cache line (checked by the caller). */
    .global aarch64_zero_lines
    .type aarch64_zero_lines, %function
aarch64_zero_lines:
    cmp     x0, x1
    b.hs    2f
1:  dc      zva, x0
    dc      civac, x0
    add     x0, x0, x2
    cmp     x0, x1
    b.lo    1b
2:  dsb     sy
    ret
    .size aarch64_zero_lines, . - aarch64_zero_lines

/* void aarch64_copy_lines(uint64_t target, uint64_t source, uint64_t end): 64 bytes at a time;
 * target and end are multiples of 64, which no cache line is shorter than (checked by the
 * caller). */
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
