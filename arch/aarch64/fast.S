/* SPDX-License-Identifier: Apache-2.0 */
#include "arch/aarch64/fast.h"

/*
 * The short ways (arch/fast.h).  They leave on the stack, and give back, the registers that an
 * ARCH_FAST_CALL function may change; all others stay where they are, so the guest's register of an
 * access is either in the frame or still in place: fetch_register and store_register know.
 *
 *   sp + 0: x0 ... x8, x30, x16, x17; sp + FRAME: the frame of aarch64_enter, with the vCPU in it
 *
 * "Declined" restores all of them and leaves the guest as if the exception had just come.
 */

#define X30 72
#define X16 80

/* ESR_EL2 (Arm ARM D17.2.37) */
#define ESR_SYSREG_REGISTER 0x3e0 /* Rt, of EC 0x18 */
#define ESR_ID_OP2 0xe0000
#define ESR_ID_CRM 0xe           /* its lower three bits */
#define ESR_ID 0x62300001        /* a read of S3_0_C0_C0..7_<op2> */
#define ESR_SGI 0x623a3016       /* a write of ICC_SGI1R_EL1 */
#define ABORT_READ 0x01          /* bits 8:2: CM, S1PTW and WnR clear, a translation fault */
#define ABORT_WRITE 0x11
#define SCTLR_BIG (3 << 24)      /* E0E, EE */
#define SPSR_BTYPE (3 << 10)
#define SPSR_SS (1 << 21)

    .macro  save_rest               /* x0 to x3 are saved */
    stp     x4, x5, [sp, #32]
    stp     x6, x7, [sp, #48]
    stp     x8, x30, [sp, #64]
    stp     x16, x17, [sp, #X16]
    .endm
    .macro  restore_rest
    ldp     x16, x17, [sp, #X16]
    ldp     x8, x30, [sp, #64]
    ldp     x6, x7, [sp, #48]
    ldp     x4, x5, [sp, #32]
    .endm
    .macro  restore_first
    ldp     x2, x3, [sp, #16]
    ldp     x0, x1, [sp], #FRAME
    .endm
    .macro  return_to_guest
    eret
    dsb     nsh                     /* no straight-line speculation past ERET */
    isb
    .endm
    /* As after an executed instruction of A64: BTYPE is 0, and a step that it was is done (SS 0;
     * D2.12).  Changes x0. */
    .macro  skip_instruction no_steps=0
    mrs     x0, elr_el2
    add     x0, x0, #4
    msr     elr_el2, x0
    mrs     x0, spsr_el2
    and     x0, x0, #~SPSR_BTYPE
    .if     \no_steps == 0
    and     x0, x0, #~SPSR_SS
    .endif
    msr     spsr_el2, x0
    .endm

    .section .text.fast, "ax"

/* Vector of synchronous exceptions of AArch64 guests: branches here with x0, x1 in the frame, x0:
 * ESR_EL2. */

    .global aarch64_fast_mmio
aarch64_fast_mmio:
    stp     x2, x3, [sp, #16]
    save_rest
    ubfx    w3, w0, #21, #3         /* SAS, SSE: enum fast_width */
    ubfx    w4, w0, #2, #7
    mrs     x8, hpfar_el2           /* FIPA: IPA[51:12] at bit 4 */
    mrs     x5, far_el2
    lsl     x8, x8, #8
    bfxil   x8, x5, #0, #12
    mrs     x5, sctlr_el1
    tst     x5, #SCTLR_BIG
    b.ne    declined
    ldr     x0, [sp, #VCPU]
    ldr     x1, [x0, #FAST_LAST]    /* the same row as last time, mostly */
    ldp     x5, x6, [x1, #FAST_ROW_BASE]
    sub     x2, x8, x5
    cmp     x2, x6
    b.lo    found
    ldp     x1, x5, [x0, #FAST_ROWS]
    ldr     x6, [x0, #FAST_SEARCH]
    ldr     x7, [x5, #FAST_ROW_BASE]
    cmp     x7, x8
    csel    x1, x1, x5, hi
    br      x6                      /* to so many of these steps that the rest is searched */
    .set    step, FAST_ROW_SIZE << (FAST_LEVELS - 1)
    .rept   FAST_LEVELS
    add     x5, x1, #step
    ldr     x7, [x5, #FAST_ROW_BASE]
    cmp     x7, x8
    csel    x1, x1, x5, hi
    .set    step, step / 2
    .endr
    .global aarch64_fast_searched
aarch64_fast_searched:
    ldp     x5, x6, [x1, #FAST_ROW_BASE]
    sub     x2, x8, x5              /* wraps where the address lies before the first row */
    cmp     x2, x6
    b.hs    declined
    str     x1, [x0, #FAST_LAST]
found:
    cmp     w4, #ABORT_READ
    b.ne    1f
    bl      fast_mmio_read          /* (vcpu, row, offset, width) */
    tbnz    x0, #63, declined
    mrs     x1, esr_el2
    ubfx    w1, w1, #16, #5         /* SRT */
    adr     x2, store_register
    add     x2, x2, x1, lsl #3
    br      x2
1:  cmp     w4, #ABORT_WRITE
    b.ne    declined
    mrs     x5, esr_el2
    ubfx    w5, w5, #16, #5
    adr     x6, fetch_register
    add     x6, x6, x5, lsl #3
    blr     x6
    bl      fast_mmio_write         /* (vcpu, row, offset, width, value) */
    cbz     w0, declined
done:                               /* no VM that may step has rows here: arch_fast_init() */
    skip_instruction no_steps=1
restore:
    restore_rest
    restore_first
    return_to_guest

    /* x4: the guest's register; 8 bytes of code each */
fetch_register:
    .irp    n, 0,1,2,3,4,5,6,7,8
    ldr     x4, [sp, #(8 * \n)]
    ret
    .endr
    .irp    n, 9,10,11,12,13,14,15
    mov     x4, x\n
    ret
    .endr
    ldr     x4, [sp, #X16]
    ret
    ldr     x4, [sp, #(X16 + 8)]
    ret
    .irp    n, 18,19,20,21,22,23,24,25,26,27,28,29
    mov     x4, x\n
    ret
    .endr
    ldr     x4, [sp, #X30]
    ret
    mov     x4, xzr
    ret

    /* the guest's register: x0; then done */
store_register:
    .irp    n, 0,1,2,3,4,5,6,7,8
    str     x0, [sp, #(8 * \n)]
    b       done
    .endr
    .irp    n, 9,10,11,12,13,14,15
    mov     x\n, x0
    b       done
    .endr
    str     x0, [sp, #X16]
    b       done
    str     x0, [sp, #(X16 + 8)]
    b       done
    .irp    n, 18,19,20,21,22,23,24,25,26,27,28,29
    mov     x\n, x0
    b       done
    .endr
    str     x0, [sp, #X30]
    b       done
    nop
    b       done

/* An HVC #0 whose function is not FAST_CALL. */
    .global aarch64_fast_call
aarch64_fast_call:
    stp     x2, x3, [sp, #16]
    save_rest
    ldr     x0, [sp, #VCPU]
    ldr     w1, [sp]
    ldr     x2, [sp, #8]
    bl      fast_call               /* (vcpu, function, arg) */
    cmp     x0, #1
    b.vs    declined                /* FAST_CALL_DECLINED alone overflows */
    str     x0, [sp]
    b       restore

#if CONFIG_ARCH_GIC3
/* An interrupt; x0, x1 are in the frame. */
    .global aarch64_fast_irq
aarch64_fast_irq:
    stp     x2, x3, [sp, #16]
    save_rest
    ldr     x0, [sp, #VCPU]
    bl      fast_irq                /* (vcpu) */
    tbnz    w0, #31, restore        /* FAST_IRQ_DONE */
    ldr     x1, [sp, #VCPU]
    str     x0, [x1, #FAST_ACKNOWLEDGED]
    restore_rest
    restore_first
    b       aarch64_leave_irq
#endif

/* Any other exception: SGIs, and reads of identification registers that were read before. */
    .global aarch64_fast_other
aarch64_fast_other:
    stp     x2, x3, [sp, #16]
    and     w2, w0, #~ESR_SYSREG_REGISTER
#if CONFIG_ARCH_GIC3
    mov     w1, #(ESR_SGI & 0xffff)
    movk    w1, #(ESR_SGI >> 16), lsl #16
    cmp     w2, w1
    b.eq    sgi
#endif
    and     w2, w2, #~ESR_ID_OP2
    and     w2, w2, #~ESR_ID_CRM
    mov     w1, #(ESR_ID & 0xffff)
    movk    w1, #(ESR_ID >> 16), lsl #16
    cmp     w2, w1
    b.ne    declined_first
    ubfx    w2, w0, #17, #3
    ubfx    w3, w0, #1, #3
    bfi     w2, w3, #3, #3          /* CRm, op2 */
    ldr     x1, [sp, #VCPU]
    ldr     x3, [x1, #FAST_ID_KNOWN]
    lsr     x3, x3, x2
    tbz     x3, #0, declined_first
    add     x1, x1, x2, lsl #3
    ldr     x1, [x1, #FAST_ID]
    ubfx    w2, w0, #5, #5          /* Rt */
    adr     x3, store_id
    add     x3, x3, x2, lsl #3
    br      x3
store_id:
    .irp    n, 0,1,2,3
    str     x1, [sp, #(8 * \n)]
    b       id_done
    .endr
    .irp    n, 4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30
    mov     x\n, x1
    b       id_done
    .endr
    nop
id_done:                               /* no VM that may step has rows here: arch_fast_init() */
    skip_instruction no_steps=1
    restore_first
    return_to_guest

#if CONFIG_ARCH_GIC3
sgi:
    save_rest
    ubfx    w5, w0, #5, #5          /* Rt */
    adr     x6, fetch_register
    add     x6, x6, x5, lsl #3
    blr     x6
    ldr     x0, [sp, #VCPU]
    mov     x1, x4
    bl      fast_sgi                /* (vcpu, value) */
    cbz     w0, declined
    skip_instruction
    b       restore
#endif

declined:
    restore_rest
declined_first:
    restore_first
    b       aarch64_leave_sync
