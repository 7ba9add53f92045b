/* SPDX-License-Identifier: Apache-2.0 */
#include "arch/aarch64/aarch64.h"
#include "arch/aarch64/sysreg.h"
#include "arch/arch.h"
#include "platform/panic.h"

/* The virtual CPU interface of own CPU (IHI 0069, 12.4: ICH_*_EL2). */

#define ICH_HCR_EN (1u << 0)
#define ICH_HCR_TC (1u << 10)
#define ICH_HCR_TALL0 (1u << 11)
#define ICH_HCR_TALL1 (1u << 12)
#define ICH_VTR_TDS (UINT64_C(1) << 19)
#define ICH_HCR_EOICOUNT_SHIFT 27
#define ICH_HCR_EOICOUNT_MASK (0x1fu << ICH_HCR_EOICOUNT_SHIFT)

#define ICH_HCR_READ() AARCH64_READ(s3_4_c12_c11_0)
#define ICH_HCR_WRITE(value) AARCH64_WRITE(s3_4_c12_c11_0, value)
#define ICH_VTR_READ() AARCH64_READ(s3_4_c12_c11_1)

uint32_t arch_lr_count(void)
{
    return (uint32_t)(ICH_VTR_READ() & 0x1f) + 1;
}

/* ICH_LR0..7_EL2 are S3_4_C12_C12_0..7, ICH_LR8..15_EL2 are S3_4_C12_C13_0..7. */
#define LR_CASE(n, crm, op2)                                                                       \
    case n:                                                                                        \
        LR_ACCESS(s3_4_c12_c##crm##_##op2);                                                        \
        break
#define LR_CASES()                                                                                 \
    LR_CASE(0, 12, 0);                                                                             \
    LR_CASE(1, 12, 1);                                                                             \
    LR_CASE(2, 12, 2);                                                                             \
    LR_CASE(3, 12, 3);                                                                             \
    LR_CASE(4, 12, 4);                                                                             \
    LR_CASE(5, 12, 5);                                                                             \
    LR_CASE(6, 12, 6);                                                                             \
    LR_CASE(7, 12, 7);                                                                             \
    LR_CASE(8, 13, 0);                                                                             \
    LR_CASE(9, 13, 1);                                                                             \
    LR_CASE(10, 13, 2);                                                                            \
    LR_CASE(11, 13, 3);                                                                            \
    LR_CASE(12, 13, 4);                                                                            \
    LR_CASE(13, 13, 5);                                                                            \
    LR_CASE(14, 13, 6);                                                                            \
    LR_CASE(15, 13, 7)

uint64_t arch_lr_get(uint32_t lr)
{
    uint64_t value = 0;

#define LR_ACCESS(reg) value = AARCH64_READ(reg)
    switch (lr) {
        LR_CASES();
    default:
        panic("no list register %u", lr);
    }
#undef LR_ACCESS
    return value;
}

void arch_lr_set(uint32_t lr, uint64_t value)
{
#define LR_ACCESS(reg) AARCH64_WRITE(reg, value)
    switch (lr) {
        LR_CASES();
    default:
        panic("no list register %u", lr);
    }
#undef LR_ACCESS
}

uint32_t arch_lr_empty(void)
{
    uint32_t implemented = (uint32_t)((UINT64_C(1) << arch_lr_count()) - 1);

    aarch64_isb();
    return (uint32_t)AARCH64_READ(s3_4_c12_c11_5) & implemented; /* ICH_ELRSR_EL2 */
}

uint32_t arch_lr_eoi_count(void)
{
    uint64_t hcr = ICH_HCR_READ();
    uint32_t count = (uint32_t)(hcr & ICH_HCR_EOICOUNT_MASK) >> ICH_HCR_EOICOUNT_SHIFT;

    if (count != 0) {
        ICH_HCR_WRITE(hcr & ~(uint64_t)ICH_HCR_EOICOUNT_MASK);
        aarch64_isb();
    }
    return count;
}

/* Where ICC_DIR_EL1 has no trap of its own (TDS), all common registers trap: gic3_icv.c. */
void arch_lr_control(uint32_t when)
{
    uint64_t eoi_count = ICH_HCR_READ() & ICH_HCR_EOICOUNT_MASK;

    if ((when & ARCH_LR_TRAP_DIR) != 0 && (ICH_VTR_READ() & ICH_VTR_TDS) == 0) {
        when ^= ARCH_LR_TRAP_DIR | ICH_HCR_TC;
    }
    ICH_HCR_WRITE(eoi_count | ICH_HCR_EN | when);
    aarch64_isb();
}

void arch_lr_off(void)
{
    ICH_HCR_WRITE(ICH_HCR_TC | ICH_HCR_TALL0 | ICH_HCR_TALL1);
    aarch64_isb();
}

bool aarch64_icv_traps(void)
{
    uint64_t both = ICH_HCR_EN | ICH_HCR_TC;

    return (ICH_HCR_READ() & both) == both;
}

void arch_lr_reset(void)
{
    uint32_t priority_bits = ((uint32_t)(ICH_VTR_READ() >> 26) & 0x7) + 1;

    for (uint32_t lr = 0; lr < arch_lr_count(); lr++) {
        arch_lr_set(lr, 0);
    }
    AARCH64_WRITE(s3_4_c12_c8_0, 0); /* ICH_AP0R0_EL2 */
    AARCH64_WRITE(s3_4_c12_c9_0, 0); /* ICH_AP1R0_EL2 */
    if (priority_bits >= 6) {
        AARCH64_WRITE(s3_4_c12_c8_1, 0);
        AARCH64_WRITE(s3_4_c12_c9_1, 0);
    }
    if (priority_bits >= 7) {
        AARCH64_WRITE(s3_4_c12_c8_2, 0);
        AARCH64_WRITE(s3_4_c12_c8_3, 0);
        AARCH64_WRITE(s3_4_c12_c9_2, 0);
        AARCH64_WRITE(s3_4_c12_c9_3, 0);
    }
    AARCH64_WRITE(s3_4_c12_c11_7, 0); /* ICH_VMCR_EL2 */
    ICH_HCR_WRITE(ICH_HCR_EN);
    aarch64_isb();
}
