/* SPDX-License-Identifier: Apache-2.0 */
    .text
    .global _start
_start:
    ldr     sp, =0x10100000
    bl      start_c
    b       .
