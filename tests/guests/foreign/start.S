/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/guests/image_header.inc"

/* A guest that knows nothing of Bulkhead: arm64 Image header, position independent, no MMU. */

    image_header
    adrp    x1, stack_top
    add     x1, x1, :lo12:stack_top
    mov     sp, x1
    adr     x1, _start
    b       foreign_main                /* x0: device tree, x1: where we are */

    .bss
    .balign 16
    .skip   4096
stack_top:
