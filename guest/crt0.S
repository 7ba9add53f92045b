/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Start of a CPU at EL1: MMU and caches off, interrupts masked.  The first CPU has the device
 * tree's address in x0, the others their number.
 */

#include "stack.h"

    .section .text.start, "ax"
    .globl _start
/* Linux's arm64 Image header (Documentation/arm64/booting.rst), so that `objcopy -O binary` makes
 * a file that boot loaders start, too. */
_start:
    b       first_cpu
    .word   0
    .quad   0x200000                    /* offset from the start of RAM */
    .quad   __image_size
    .quad   0x2                         /* little-endian, 4 KiB pages */
    .quad   0, 0, 0
    .ascii  "ARM\x64"
    .word   0

first_cpu:
    mov     x19, x0
    ldr     x0, =__bss_start
    ldr     x1, =__bss_end
1:  stp     xzr, xzr, [x0], #16
    cmp     x0, x1
    b.lo    1b

    /* First tables: of the 512 GiB that RAM lies in, by 1 GiB blocks: RAM normal memory, all else
     * device. */
    ldr     x0, =boot_table
    mov     x7, #1 << 30
    ldr     x2, =__ram_start
    bfc     x2, #0, #30
    mov     x1, x2                      /* address */
    bfc     x1, #0, #39
    add     x8, x1, x7, lsl #9          /* the end of these 512 GiB */
    ldr     x3, =__ram_end
    ldr     x4, =MMU_BLOCK_DEVICE
    ldr     x5, =MMU_BLOCK_NORMAL
2:  cmp     x1, x2
    ccmp    x1, x3, #2, hs
    csel    x6, x5, x4, lo
    orr     x6, x6, x1
    str     x6, [x0], #8
    add     x1, x1, x7
    cmp     x1, x8
    b.lo    2b

    ldr     x20, =boot_table
    ldr     x0, =__mmu_t0sz
    cmp     x0, #25
    b.eq    3f
    orr     x1, x20, #3                 /* a root of level 0: a table for what holds RAM */
    ldr     x20, =boot_root
    lsr     x2, x2, #39
    str     x1, [x20, x2, lsl #3]
3:  mov     x21, #0
    b       any_cpu

    .globl cpu_entry
cpu_entry:
    mov     x21, x0
    ldr     x20, =mmu_root

/* x19: device tree, x20: tables, x21: number */
any_cpu:
    mov     x0, #3 << 20                /* CPACR_EL1.FPEN: FP and SIMD untrapped */
    msr     cpacr_el1, x0
    ldr     x0, =vectors
    msr     vbar_el1, x0
    isb
    bl      mmu_on
    msr     tpidr_el1, x21

    /* SP_EL1 is for exceptions, SP_EL0 for all else: a stack that runs into its guard page is
     * still told in words. */
    ldr     x0, =__stacks_start
    ldr     x1, =STACK_STRIDE
    madd    x0, x21, x1, x0
    add     x1, x0, x1
    mov     sp, x1
    msr     spsel, #0
    mov     x1, #STACK_TOP
    add     x0, x0, x1
    mov     sp, x0

    mov     x29, #0
    mov     x30, #0
    mov     x0, x19
    cbz     x21, start_first
    b       start_other

/* x20: tables.  Clobbers x0-x2. */
mmu_on:
    ldr     x0, =MMU_MAIR
    msr     mair_el1, x0
    ldr     x0, =MMU_TCR
    ldr     x1, =__mmu_t0sz
    orr     x0, x0, x1
    mrs     x1, id_aa64mmfr0_el1        /* PARange, DDI 0487 D17.2.64; at most 48 bits here */
    and     x1, x1, #7
    mov     x2, #5
    cmp     x1, x2
    csel    x1, x1, x2, lo
    orr     x0, x0, x1, lsl #32         /* TCR_EL1.IPS */
    msr     tcr_el1, x0
    msr     ttbr0_el1, x20
    isb
    tlbi    vmalle1
    ic      iallu
    dsb     nsh
    isb
    ldr     x0, =MMU_SCTLR
    msr     sctlr_el1, x0
    isb
    ret

/* void mmu_switch(uint64_t root): break-before-make for a whole space (DDI 0487 D8.14.1): with the
 * MMU off no entry of the old tables is in use.  No data is touched meanwhile. */
    .globl mmu_switch
mmu_switch:
    dsb     ish
    mrs     x1, sctlr_el1
    bic     x2, x1, #1
    msr     sctlr_el1, x2
    isb
    msr     ttbr0_el1, x0
    isb
    tlbi    vmalle1
    dsb     nsh
    isb
    msr     sctlr_el1, x1
    isb
    ret

    .section .rodata.mmu_t0sz, "a"
    .balign 8
    .globl mmu_t0sz
mmu_t0sz:
    .quad   __mmu_t0sz

    .bss
    .balign 4096
boot_table:
    .skip   4096
boot_root:
    .skip   4096
