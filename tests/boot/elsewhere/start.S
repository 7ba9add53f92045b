/* SPDX-License-Identifier: Apache-2.0 */
    .section .text.start, "ax"
    .global start
start:
    adrp x9, stack_end
    add x9, x9, :lo12:stack_end
    mov sp, x9
    bl guest_main
1:  wfi
    b 1b
