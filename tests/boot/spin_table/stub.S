/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Firmware with a spin table, laid out like the Raspberry Pi 4's: the other CPUs wait in this page,
 * each for its entry from 0xd8 on (or all for the first one), and CPU 0 goes on in the image with the
 * device tree.  It wakes them by QEMU's PSCI, which nobody uses afterwards.
 */
    .set    PSCI_CPU_ON, 0xc4000003

    .text
    .global _start
_start:
    mov     x19, #1
1:  ldr     x0, =PSCI_CPU_ON
    mov     x1, x19                     /* refused where there is no such CPU */
    adr     x2, wait
    smc     #0
    add     x19, x19, #1
    cmp     x19, #4
    b.lo    1b
    ldr     x0, =TREE
    ldr     x1, =IMAGE
    br      x1

wait:
    mrs     x0, mpidr_el1
    ldr     x1, =ENTRY_MASK             /* 0: all wait for the first entry */
    and     x0, x0, x1
    adr     x1, table
2:  wfe
    ldr     x2, [x1, x0, lsl #3]
    cbz     x2, 2b
    br      x2

    .org    0xd8
table:
    .quad   0, 0, 0, 0
    .ltorg
