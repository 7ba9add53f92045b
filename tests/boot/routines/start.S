/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/guests/image_header.inc"
/* Runs main() at EL2 with MMU and caches on, as the hypervisor runs: the first GiB is device memory,
 * the second one RAM. */

    image_header
    adrp    x1, stack_top
    add     x1, x1, :lo12:stack_top
    mov     sp, x1
    adr     x1, vectors
    msr     vbar_el2, x1
    adr     x1, table
    msr     ttbr0_el2, x1
    mov     x1, #0xff04                 /* 0: Device-nGnRE, 1: normal write-back */
    msr     mair_el2, x1
    ldr     x1, =0x80823519             /* TCR_EL2: 40 bits, inner shareable, T0SZ = 25 */
    msr     tcr_el2, x1
    ldr     x1, =0x33ff                 /* CPTR_EL2: no traps of FP and SIMD */
    msr     cptr_el2, x1
    isb
    tlbi    alle2
    dsb     nsh
    isb
    ldr     x1, =0x30c5183d             /* SCTLR_EL2: M, C, SA, I */
    msr     sctlr_el2, x1
    isb
    bl      routines_main
2:  ldr     x0, =0x84000008             /* SYSTEM_OFF */
    smc     #0
    b       2b

    .balign 0x800
vectors:
    .rept   16
    .balign 0x80
    mrs     x0, esr_el2
    mrs     x1, elr_el2
    mrs     x2, far_el2
    bl      routines_unexpected
    b       2b
    .endr

    .balign 4096
table:
    .quad   0x0000000000000441          /* AttrIndx 0, AF, RW */
    .quad   0x0000000040000745          /* AttrIndx 1, inner shareable, AF, RW */
    .skip   4096 - 16

    .bss
    .balign 16
    .skip   4096
stack_top:
