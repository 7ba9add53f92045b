/* SPDX-License-Identifier: Apache-2.0 */

/* A guest that knows nothing of Bulkhead: arm64 Image header, position independent, no MMU. */

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
1:  adrp    x1, stack_top
    add     x1, x1, :lo12:stack_top
    mov     sp, x1
    adr     x1, _start
    b       foreign_main                /* x0: device tree, x1: where we are */

    .bss
    .balign 16
    .skip   4096
stack_top:
