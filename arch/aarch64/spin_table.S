/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a CPU arrives that was released from firmware's spin table (spin_table.c), MMU and caches
 * off: it is told nothing, and finds itself among pcpu_rows by its own number.
 */

    .set    PCPU_ROW_HARDWARE_ID, 0
    .set    PCPU_ROW_RELEASE_ADDRESS, 8
    .set    PCPU_ROW_SIZE, 32

    .section .text.spin_table, "ax"
    .global spin_table_entry
spin_table_entry:
    mrs     x1, CurrentEL
    cmp     x1, #(2 << 2)
    b.ne    2f                          /* can't run here: as if it had not come */
    mrs     x1, mpidr_el1
    ldr     x2, =0xff00ffffff           /* affinity fields */
    and     x1, x1, x2
    ldr     x2, =pcpu_rows
    ldr     x4, =aarch64_pcpu_rows_end
    ldr     x4, [x4]
    mov     x0, #0
1:  ldr     x3, [x2, #PCPU_ROW_HARDWARE_ID]
    cmp     x3, x1
    b.eq    3f
    add     x2, x2, #PCPU_ROW_SIZE
    add     x0, x0, #1
    cmp     x2, x4
    b.lo    1b
2:  wfe                                 /* not ours: came because others wait at the same address */
    b       2b

3:  ldr     x2, [x2, #PCPU_ROW_RELEASE_ADDRESS]
    str     xzr, [x2]                   /* the answer that arch_cpu_start() waits for */
    dsb     sy
    b       secondary_entry
    .ltorg
