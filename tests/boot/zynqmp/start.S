/* SPDX-License-Identifier: Apache-2.0 */
/* A firmware at EL3 of a ZCU102: the first CPU goes on with the image at 0x20_0000, which finds the
 * board's tree at 0x10_0000, the others with what CPU_ON says. Calls by SMC come to firmware_call(). */

    .text
    .globl  _start
_start:
    mrs     x19, mpidr_el1
    and     x19, x19, #3
    adrp    x0, stacks + 4096
    add     x0, x0, :lo12:(stacks + 4096)
    add     x0, x0, x19, lsl #12
    mov     sp, x0
    adr     x0, vectors
    msr     vbar_el3, x0
    mov     x0, #0x531                  /* SCR_EL3: RW, HCE, NS, RES1 */
    msr     scr_el3, x0
    msr     cptr_el3, xzr
    ldr     x0, =0x30c50830             /* SCTLR_EL2: RES1, MMU off */
    msr     sctlr_el2, x0
    mov     x0, #0x3c9                  /* SPSR_EL3: EL2h, masked */
    msr     spsr_el3, x0
    mov     x0, x19
    bl      firmware_cpu                /* returns where to go on; the argument is behind it */
    ldr     x1, [x0]
    msr     elr_el3, x1
    ldr     x0, [x0, #8]
    eret

    .balign 0x800
vectors:
    .rept   8
    .balign 0x80
    b       unexpected
    .endr
    .balign 0x80                        /* synchronous, from AArch64 below */
    b       call
    .rept   7
    .balign 0x80
    b       unexpected
    .endr

call:
    sub     sp, sp, #256
    stp     x0, x1, [sp]
    stp     x2, x3, [sp, #16]
    stp     x4, x5, [sp, #32]
    stp     x6, x7, [sp, #48]
    stp     x8, x9, [sp, #64]
    stp     x10, x11, [sp, #80]
    stp     x12, x13, [sp, #96]
    stp     x14, x15, [sp, #112]
    stp     x16, x17, [sp, #128]
    stp     x18, x30, [sp, #144]
    mrs     x1, esr_el3
    lsr     x1, x1, #26
    cmp     x1, #0x17                   /* SMC from AArch64 */
    b.ne    unexpected
    mov     x0, sp
    bl      firmware_call
    ldp     x0, x1, [sp]
    ldp     x2, x3, [sp, #16]
    ldp     x4, x5, [sp, #32]
    ldp     x6, x7, [sp, #48]
    ldp     x8, x9, [sp, #64]
    ldp     x10, x11, [sp, #80]
    ldp     x12, x13, [sp, #96]
    ldp     x14, x15, [sp, #112]
    ldp     x16, x17, [sp, #128]
    ldp     x18, x30, [sp, #144]
    add     sp, sp, #256
    eret

unexpected:
    mov     w0, #1

    .globl  firmware_exit
firmware_exit:                          /* (status): ends QEMU by semihosting */
    adrp    x1, exit_block
    add     x1, x1, :lo12:exit_block
    mov     w2, w0
    str     x2, [x1, #8]
    mov     w0, #0x18                   /* SYS_EXIT */
    hlt     #0xf000
    b       .

    .data
    .balign 8
exit_block:
    .quad   0x20026                     /* ADP_Stopped_ApplicationExit */
    .quad   0

    .bss
    .balign 16
stacks:
    .skip   4 * 4096
