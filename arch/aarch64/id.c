/* SPDX-License-Identifier: Apache-2.0 */
#include "arch/aarch64/sysreg.h"
#include "arch/arch.h"

#define ID(crm, op2) ARCH_SYSREG(3, 0, 0, crm, op2)
#define PARANGE_MASK UINT64_C(0xf)
#define PFR0_EL1_MASK UINT64_C(0xf0)
#define PFR0_EL1_AARCH64 UINT64_C(0x10)
#define PFR0_CSV2_SHIFT 56
#define PFR1_CSV2_FRAC_SHIFT 32

/* Each register is its own instruction: here are those of which some VM may see a field
 * (gen/plan/sysregs.py).  Raw encodings, so that assemblers need not know new names; those that a
 * CPU lacks read as zero (D12.3.1, feature identification space). */
#define ID_CASE(crm, op2)                                                                          \
    case ID(crm, op2):                                                                             \
        return AARCH64_READ(s3_0_c0_c##crm##_##op2)

static uint64_t id_hardware(uint32_t encoding)
{
    switch (encoding) {
        ID_CASE(1, 0);
        ID_CASE(1, 1);
        ID_CASE(1, 2);
        ID_CASE(1, 4);
        ID_CASE(1, 5);
        ID_CASE(1, 6);
        ID_CASE(1, 7);
        ID_CASE(2, 0);
        ID_CASE(2, 1);
        ID_CASE(2, 2);
        ID_CASE(2, 3);
        ID_CASE(2, 4);
        ID_CASE(2, 5);
        ID_CASE(2, 6);
        ID_CASE(2, 7);
        ID_CASE(3, 0);
        ID_CASE(3, 1);
        ID_CASE(3, 2);
        ID_CASE(3, 4);
        ID_CASE(3, 6);
        ID_CASE(4, 0);
        ID_CASE(4, 1);
        ID_CASE(4, 4);
        ID_CASE(5, 0);
        ID_CASE(6, 0);
        ID_CASE(6, 1);
        ID_CASE(6, 2);
        ID_CASE(7, 0);
        ID_CASE(7, 1);
        ID_CASE(7, 2);
    default:
        return 0;
    }
}

/* The field at `shift` says at most `most`. */
static uint64_t field_limit(uint64_t value, unsigned shift, uint64_t most)
{
    return ((value >> shift) & 0xf) > most ? (value & ~(UINT64_C(0xf) << shift)) | most << shift
                                           : value;
}

uint64_t arch_id_get(const struct vm_row *vm, uint32_t encoding)
{
    uint64_t value = id_hardware(encoding);

    if (encoding == ID(7, 0)) { /* ID_AA64MMFR0_EL1.PARange: what stage 2 of this VM takes */
        value = (value & ~PARANGE_MASK) | vm->arch.parange;
    } else if (encoding == ID(4, 0)) { /* ID_AA64PFR0_EL1.EL1: HCR_EL2.RW fixes it to AArch64 */
        value = (value & ~PFR0_EL1_MASK) | PFR0_EL1_AARCH64;
        /* CSV2 2 and up have SCXTNUM_EL0 and _EL1, which trap (HCR_EL2.EnSCXT = 0). */
        value = field_limit(value, PFR0_CSV2_SHIFT, 1);
    } else if (encoding == ID(4, 1)) { /* ID_AA64PFR1_EL1: so has CSV2_frac 2 */
        value = field_limit(value, PFR1_CSV2_FRAC_SHIFT, 1);
    }
    return value;
}
