/* SPDX-License-Identifier: Apache-2.0 */

/* A VM that waits for an interrupt that never comes. */

    .section .text.start, "ax"
    .globl _start
_start:
    b       1f
    .word   0
    .quad   0x200000                    /* text_offset */
    .quad   image_size
    .quad   0xa                         /* little-endian, 4 KiB pages, anywhere in memory */
    .quad   0, 0, 0
    .ascii  "ARM\x64"
    .word   0
1:  wfi
    b       1b

    .bss
    .skip   16
