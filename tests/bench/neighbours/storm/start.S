/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/guests/image_header.inc"

/* A VM that does nothing but exits: calls, emulated devices, SGIs to itself and a timer that is always
 * due, with all interrupts masked. */

    image_header
    mov     x19, #0x08000000            /* GICD */
    mov     x20, #0x0a000000            /* a countdown (vdev/countdown.c) */
    mov     x21, #1
    msr     cntv_cval_el0, xzr
    msr     cntv_ctl_el0, x21
2:  mov     w0, #0x84000000             /* PSCI_VERSION */
    hvc     #0
    ldr     w1, [x19, #4]               /* GICD_TYPER */
    str     w21, [x19, #0x104]          /* GICD_ISENABLER1 */
    ldr     w1, [x20, #0x10]            /* SCRATCH */
    str     wzr, [x20, #0x10]
    mrs     x1, id_aa64pfr0_el1
    msr     icc_sgi1r_el1, x21
    b       2b

    .bss
    .skip   16
