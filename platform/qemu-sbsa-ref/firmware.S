/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What stands in for the firmware of this machine in QEMU, which comes up at EL3 with none: at the
 * reset address it prepares each CPU and the GIC for EL2, starts the first one there with the device
 * tree in x0, and answers PSCI by SMC (DEN 0022): CPU_ON, SYSTEM_OFF, SYSTEM_RESET.  No part of any
 * image.  Registers by DDI 0487 and, of the GIC, by IHI 0069.
 */

    .set    GICD, 0x40060000
    .set    GICR, 0x40080000
    .set    GICR_STRIDE, 0x20000
    .set    POWER, 0x50000000           /* the machine's controller: 1 powers off, 2 resets */
    .set    MAILBOXES, 0x20000000       /* secure RAM; per CPU: 0 off, 1 on, else its entry;
                                         * then what it gets in x0 */

    .set    GICD_IGROUPR, 0x80
    .set    GICR_WAKER, 0x14
    .set    GICR_SGI_FRAME, 0x10000
    .set    GICR_IGROUPR0, 0x80
    .set    GICR_ISENABLER0, 0x100
    .set    GICR_ICENABLER0, 0x180
    .set    CALL_SGI, 15                /* ours, in group 0: ends the WFI of a CPU that is held */

    .set    PSCI_CPU_ON, 0xc4000003
    .set    PSCI_SYSTEM_OFF, 0x84000008
    .set    PSCI_SYSTEM_RESET, 0x84000009
    .set    PSCI_NOT_SUPPORTED, -1
    .set    PSCI_INVALID_PARAMETERS, -2
    .set    PSCI_ALREADY_ON, -4

    .text
    .global _start
_start:
    adr     x0, vectors
    msr     vbar_el3, x0
    /* SCR_EL3: RES1[5:4], NS, FIQ to EL3, HCE, EL2 is AArch64, pointer authentication untrapped */
    ldr     x0, =0x30535
    msr     scr_el3, x0
    msr     cptr_el3, xzr
    msr     mdcr_el3, xzr
    isb

    /* CPU interface (12.2): system registers at EL3 and EL2, all priorities pass. */
    mov     x0, #0xf
    msr     s3_6_c12_c12_5, x0          /* ICC_SRE_EL3 */
    isb
    msr     s3_4_c12_c9_5, x0           /* ICC_SRE_EL2 */
    mov     x0, #0xff
    msr     s3_0_c4_c6_0, x0            /* ICC_PMR_EL1 */
    isb

    /* Own redistributor (12.11): awake, its SGIs and PPIs but one in the non-secure group 1. */
    mrs     x19, mpidr_el1
    and     x19, x19, #0xff
    mov     x0, #GICR_STRIDE
    ldr     x1, =GICR
    madd    x1, x19, x0, x1
    str     wzr, [x1, #GICR_WAKER]      /* ProcessorSleep */
1:  ldr     w0, [x1, #GICR_WAKER]
    tbnz    w0, #2, 1b                  /* ChildrenAsleep */
    add     x21, x1, #(GICR_SGI_FRAME >> 12), lsl #12
    mov     w22, #(1 << CALL_SGI)
    mvn     w0, w22
    str     w0, [x21, #GICR_IGROUPR0]

    ldr     x20, =MAILBOXES
    add     x20, x20, x19, lsl #4
    cbnz    x19, hold
    mov     x0, #1                      /* what a reset left there goes */
    stp     x0, xzr, [x20]
    ldr     x1, =cpu_count
    mov     x0, x20
1:  subs    x1, x1, #1
    b.eq    2f
    stp     xzr, xzr, [x0, #16]!
    b       1b
2:

    /* Distributor (12.9): affinity routing in both states; SPIs in the non-secure group 1. */
    ldr     x1, =GICD
    mov     w2, #-1
    mov     w0, #0x31                   /* ARE_NS, ARE_S, EnableGrp0 */
    str     w0, [x1]
    ldr     w0, [x1, #4]                /* GICD_TYPER.ITLinesNumber */
    and     w0, w0, #0x1f
    add     x1, x1, #GICD_IGROUPR
1:  cbz     w0, 2f
    str     w2, [x1, #4]!
    sub     w0, w0, #1
    b       1b
2:  ldr     x0, =image_base
    ldr     x1, =tree_base
    b       enter

hold:
    str     w22, [x21, #GICR_ISENABLER0]
    mov     x0, #1
    msr     s3_0_c12_c12_6, x0          /* ICC_IGRPEN0_EL1 */
    isb
1:  ldr     x0, [x20]
    cmp     x0, #1
    b.hi    called
    wfi
    mrs     x0, s3_0_c12_c8_0           /* ICC_IAR0_EL1 */
    msr     s3_0_c12_c8_1, x0           /* ICC_EOIR0_EL1 */
    b       1b
called:
    dmb     ld
    msr     s3_0_c12_c12_6, xzr
    str     w22, [x21, #GICR_ICENABLER0] /* it may still come, and would stand before all others */
    ldr     x1, [x20, #8]
    mov     x2, #1
    str     x2, [x20]

    /* At x0, with x1 as its x0. */
enter:
    msr     elr_el3, x0
    mov     x2, #0x3c9                  /* EL2, its own stack pointer, interrupts masked */
    msr     spsr_el3, x2
    mov     x0, x1
    eret

/* x0: function, x1-x3: its arguments; x0: its answer.  x4-x17 are free (SMCCC 1.0). */
call:
    mrs     x4, esr_el3
    lsr     x4, x4, #26
    cmp     x4, #0x17                   /* SMC from AArch64 */
    b.ne    .
    ldr     x5, =POWER
    mov     w6, #1
    ldr     w4, =PSCI_SYSTEM_OFF
    cmp     x0, x4
    b.eq    1f
    mov     w6, #2
    ldr     w4, =PSCI_SYSTEM_RESET
    cmp     x0, x4
    b.eq    1f
    ldr     w4, =PSCI_CPU_ON
    cmp     x0, x4
    mov     x0, #PSCI_NOT_SUPPORTED
    b.ne    2f

    mov     x0, #PSCI_INVALID_PARAMETERS
    ldr     x4, =cpu_count
    cmp     x1, x4
    b.hs    2f
    ldr     x4, =MAILBOXES
    add     x4, x4, x1, lsl #4
    ldr     x5, [x4]
    mov     x0, #PSCI_ALREADY_ON
    cbnz    x5, 2f
    str     x3, [x4, #8]
    dmb     st
    str     x2, [x4]
    dsb     sy
    mov     x0, #1                      /* ICC_SGI0R_EL1: INTID[27:24], a bit for each target */
    lsl     x0, x0, x1
    orr     x0, x0, #(CALL_SGI << 24)
    msr     s3_0_c12_c11_7, x0
    isb
    mov     x0, #0
2:  eret

1:  str     w6, [x5]
    wfi
    b       1b

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
