/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Firmware at EL3 of QEMU's virt machine (secure=on), with one CPU: prepares it and the GIC for EL2,
 * starts the image there, and answers PSCI and SMCCC by SMC.  It has the workarounds for speculation
 * that HAS_1 and HAS_3 say (DEN 0028, chapter 7), and none of it but counts: at SYSTEM_OFF it says how
 * often each was called, and what the hypervisor keeps at ENTRY, in hexadecimal.  Registers by DDI 0487 and, of the GIC, by IHI 0069.
 */

    .set    GICD, 0x08000000
    .set    GICR, 0x080a0000
    .set    UART, 0x09000000
    .set    COUNTS, 0x0e000000          /* secure RAM: calls of workarounds 1, 2 and 3 */

    .set    PSCI_VERSION, 0x84000000
    .set    PSCI_SYSTEM_OFF, 0x84000008
    .set    PSCI_FEATURES, 0x8400000a
    .set    SMCCC_VERSION, 0x80000000
    .set    SMCCC_ARCH_FEATURES, 0x80000001
    .set    WORKAROUND_1, 0x80008000
    .set    WORKAROUND_2, 0x80007fff
    .set    WORKAROUND_3, 0x80003fff

    .text
    .global _start
_start:
    adr     x0, vectors
    msr     vbar_el3, x0
    mov     x0, #0x531                  /* SCR_EL3: RES1[5:4], NS, HCE, EL2 is AArch64 */
    msr     scr_el3, x0
    msr     cptr_el3, xzr
    msr     mdcr_el3, xzr
    mov     x0, #0xf
    msr     s3_6_c12_c12_5, x0          /* ICC_SRE_EL3 */
    isb
    msr     s3_4_c12_c9_5, x0           /* ICC_SRE_EL2 */
    mov     x0, #0xff
    msr     s3_0_c4_c6_0, x0            /* ICC_PMR_EL1 */

    /* Redistributor (12.11) awake, all in the non-secure group 1; so are the first SPIs (12.9). */
    ldr     x1, =GICR
    str     wzr, [x1, #0x14]            /* GICR_WAKER */
1:  ldr     w0, [x1, #0x14]
    tbnz    w0, #2, 1b
    add     x1, x1, #0x10, lsl #12
    mov     w2, #-1
    str     w2, [x1, #0x80]             /* GICR_IGROUPR0 */
    ldr     x1, =GICD
    mov     w0, #0x30
    str     w0, [x1]                    /* GICD_CTLR: ARE_NS, ARE_S */
    str     w2, [x1, #0x84]             /* GICD_IGROUPR1 */
    str     w2, [x1, #0x88]

    ldr     x0, =COUNTS
    stp     xzr, xzr, [x0]
    str     xzr, [x0, #16]
    ldr     x0, =IMAGE
    msr     elr_el3, x0
    mov     x0, #0x3c9                  /* EL2, its own stack pointer, interrupts masked */
    msr     spsr_el3, x0
    ldr     x0, =TREE
    eret

    .macro  is function, where
    ldr     w4, =\function
    cmp     w0, w4
    b.eq    \where
    .endm

    /* w0: function, w1: its argument; x4 and up are kept (SMCCC 1.1), in registers that EL3 alone has
     * and in secure RAM. */
call:
    msr     tpidr_el3, x4
    ldr     x4, =COUNTS
    stp     x5, x6, [x4, #32]
    is      WORKAROUND_1, workaround_1
    is      WORKAROUND_2, workaround_2
    is      WORKAROUND_3, workaround_3
    is      SMCCC_ARCH_FEATURES, features
    is      PSCI_VERSION, version_psci
    is      SMCCC_VERSION, version_smccc
    is      PSCI_FEATURES, features_psci
    is      PSCI_SYSTEM_OFF, off
not_supported:
    mov     x0, #-1
back:
    ldr     x4, =COUNTS
    ldp     x5, x6, [x4, #32]
    mrs     x4, tpidr_el3
    eret

version_psci:
    mov     w0, #0x10001
    b       back
version_smccc:
    mov     w0, #0x10001
    b       back
features_psci:
    mov     w0, w1
    is      SMCCC_VERSION, zero
    b       not_supported
features:
    mov     w0, w1
    .if     HAS_1
    is      WORKAROUND_1, zero
    is      WORKAROUND_2, zero
    .endif
    .if     HAS_3
    is      WORKAROUND_3, zero
    .endif
    b       not_supported
zero:
    mov     x0, #0
    b       back

    /* What the convention allows to change is changed. */
    .irp    n, 1, 2, 3
workaround_\n:
    ldr     x4, =COUNTS
    ldr     w5, [x4, #(4 * (\n - 1))]
    add     w5, w5, #1
    str     w5, [x4, #(4 * (\n - 1))]
    mov     x0, #0xbad
    mov     x1, x0
    mov     x2, x0
    mov     x3, x0
    b       back
    .endr

off:
    adr     x0, words
    ldr     x1, =UART
    ldr     x2, =COUNTS
    mov     w3, #5
1:  ldrb    w4, [x0], #1
    cbz     w4, 2f
    str     w4, [x1]
    b       1b
2:  ldr     w5, [x2], #4
    mov     w6, #8
3:  ror     w5, w5, #28
    and     w4, w5, #0xf
    cmp     w4, #10
    add     w0, w4, #'0'
    add     w4, w4, #('a' - 10)
    csel    w4, w4, w0, hs
    str     w4, [x1]
    subs    w6, w6, #1
    b.ne    3b
    mov     w4, #' '
    str     w4, [x1]
    adr     x0, words_end
    subs    w3, w3, #1
    b.eq    4f
    cmp     w3, #2
    b.ne    1b
    ldr     x2, =ENTRY
    b       1b
4:
    mov     w4, #'\n'
    str     w4, [x1]
    mov     w0, #0x18                   /* semihosting: SYS_EXIT, ADP_Stopped_ApplicationExit */
    adr     x1, stopped
    hlt     #0xf000
words:
    .ascii  "[firmware] calls and entry: "
words_end:
    .byte   0
    .balign 8
stopped:
    .quad   0x20026, 0

    /* From EL3 itself nothing is expected; from lower levels SMCs alone (D1.13). */
    .balign 2048
vectors:
    .rept   8
    b       .
    .balign 128
    .endr
    b       call
    .balign 128
    .rept   7
    b       .
    .balign 128
    .endr
    .ltorg
