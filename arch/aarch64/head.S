/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where firmware enters: a Linux arm64 Image (Documentation/arch/arm64/booting), so that QEMU,
 * U-Boot's booti and bootm all load it; or flash at address 0.  No memory is written before the
 * MMU is on, except that a copy which does not run where it is linked moves itself there.
 */
#include <tables.h>

    .section .text.head, "ax"
    .global image_head
image_head:
    b       boot_entry
    .word   0
    .quad   0x200000                    /* text_offset: RAM base + 2 MiB is the link address */
    .quad   image_size
    .quad   0x2                         /* little endian, 4 KiB pages, placed near RAM base */
    .quad   0, 0, 0
    .ascii  "ARM\x64"
    .word   0

    /* x0: device tree, or 0 */
boot_entry:
    mov     x20, x0
    msr     daifset, #0xf
    adr     x1, image_head
    ldr     x2, =image_start
    cmp     x1, x2
    b.eq    3f

    /* Move: [x1, ...) to [x2, x3); caches are off, both are aligned to pages, and may overlap. */
    ldr     x3, =image_load_end
    mov     x4, x2
    mov     x8, x3
    bl      drop_lines                  /* nothing old is written back over what is moved */
    cmp     x1, x2
    b.hi    2f
    sub     x5, x3, x2                  /* from below: the last bytes first */
    add     x5, x1, x5
    mov     x4, x3
1:  ldp     x6, x7, [x5, #-16]!
    stp     x6, x7, [x4, #-16]!
    cmp     x4, x2
    b.hi    1b
    b       moved

2:  mov     x4, x2                      /* from above: this page first, to go on from there, */
    add     x8, x2, #4096
    bl      copy_up
    mov     x4, x2
    bl      drop_lines
    ldr     x5, =copy_rest
    br      x5
copy_rest:                              /* because the rest may overwrite where it ran before */
    mov     x4, x8
    mov     x8, x3
    bl      copy_up

moved:
    mov     x4, x2
    mov     x8, x3
    bl      drop_lines
    ldr     x4, =3f
    br      x4

    /* [x1, ...) to [x4, x8), upwards. */
copy_up:
    ldp     x6, x7, [x1], #16
    stp     x6, x7, [x4], #16
    cmp     x4, x8
    b.lo    copy_up
    ret

    /* What caches hold of [x4, x8) goes: before a move what may be dirty, after it what was fetched
     * meanwhile, which is older than memory and must not show once caches are on. */
drop_lines:
    dsb     sy
    mrs     x5, ctr_el0
    ubfx    x5, x5, #16, #4             /* DminLine: log2 of words */
    mov     x6, #4
    lsl     x5, x6, x5
1:  dc      civac, x4
    add     x4, x4, x5
    cmp     x4, x8
    b.lo    1b
    dsb     sy
    ic      iallu
    dsb     sy
    isb
    ret

3:  mrs     x1, CurrentEL
    cmp     x1, #(2 << 2)
    b.ne    wrong_level
    ldr     x21, =pcpu_boot_stack
    bl      enter_el2
    mov     sp, x21

    bl      zero_bss
    mov     x0, x20
    mov     x29, xzr
    bl      aarch64_boot
    b       .

    /* Not EL2: say so with the MMU off; x1 holds CurrentEL.  At EL3 all CPUs may come at once, and have
     * one stack: the planned boot CPU speaks (pcpu_rows[0].hardware_id, its first member). */
wrong_level:
    cmp     x1, #(3 << 2)
    b.ne    2f
    mrs     x2, mpidr_el1
    ldr     x3, =0xff00ffffff
    and     x2, x2, x3
    ldr     x3, =pcpu_rows
    ldr     x3, [x3]
    cmp     x2, x3
    b.eq    2f
1:  wfe
    b       1b
2:
    ldr     x2, =pcpu_boot_stack
    mov     sp, x2
    lsr     x0, x1, #2
    bl      zero_bss
    bl      aarch64_wrong_level
    b       .

    /* Whole pages, at least one (layout.ld).  Uses x1, x2. */
zero_bss:
    ldr     x1, =bss_start
    ldr     x2, =bss_end
1:  stp     xzr, xzr, [x1], #16
    stp     xzr, xzr, [x1], #16
    stp     xzr, xzr, [x1], #16
    stp     xzr, xzr, [x1], #16
    cmp     x1, x2
    b.lo    1b
    ret

    /* PSCI CPU_ON: x0 = index into pcpu_rows. */
    .global secondary_entry
secondary_entry:
    mov     x20, x0
    msr     daifset, #0xf
    ldr     x21, =stacks_start
    ldr     x1, =(CONFIG_STACK_SIZE + 4096)
    add     x2, x0, #1
    madd    x21, x1, x2, x21
    bl      enter_el2
    mov     sp, x21
    mov     x0, x20
    mov     x29, xzr
    bl      aarch64_secondary
    b       .

    /* MMU and caches on with the loader tables, vectors set.  Uses x1-x4. */
enter_el2:
    msr     hcr_el2, xzr                /* E2H = 0: everything below has its EL2 meaning */
    isb
    ldr     x1, =aarch64_vectors
    msr     vbar_el2, x1
    ldr     x1, =hyp_loader_table
    msr     ttbr0_el2, x1
    ldr     x1, =AARCH64_MAIR
    msr     mair_el2, x1
    /* TCR_EL2 (D17.2.130): RES1[31,23], PS, TG0 = 4 KiB, inner shareable, WB, T0SZ */
    mrs     x2, id_aa64mmfr0_el1
    and     x2, x2, #0xf
    cmp     x2, #5
    mov     x3, #5
    csel    x2, x2, x3, lo
    ldr     x1, =(0x80803500 | AARCH64_T0SZ)
    orr     x1, x1, x2, lsl #16
    msr     tcr_el2, x1
    isb
    tlbi    alle2
    dsb     nsh
    isb
    /* SCTLR_EL2: RES1 bits, M, C, SA, I, WXN */
    ldr     x1, =0x30cd183d
    msr     sctlr_el2, x1
    isb
    ret

    .set    AARCH64_T0SZ, 64 - HYP_ADDRESS_BITS
    .set    AARCH64_MAIR, 0xff04        /* 0: Device-nGnRE, 1: normal write-back */
    .set    pcpu_boot_stack, stacks_start + 4096 + CONFIG_STACK_SIZE
    .ltorg
