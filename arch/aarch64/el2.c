/* SPDX-License-Identifier: Apache-2.0 */
#include "arch/aarch64/aarch64.h"
#include "arch/aarch64/sysreg.h"
#include "arch/arch.h"
#include "platform/panic.h"
#include <tables.h>

/* CPTR_EL2 with E2H = 0 (D17.2.30): RES1 bits; TAM, TTA, TSM and TZ trap, FP and SIMD do not. */
#define CPTR_GUEST UINT64_C(0x401033ff)
#define CPTR_TZ (UINT64_C(1) << 8)

/* MDCR_EL2 (D17.2.92): debug, PMU and trace registers trap; HPMN = all counters are the guest's
 * (it can't reach them). */
#define MDCR_TPMCR (UINT64_C(1) << 5)
#define MDCR_TPM (UINT64_C(1) << 6)
#define MDCR_TDA (UINT64_C(1) << 9)
#define MDCR_TDOSA (UINT64_C(1) << 10)
#define MDCR_TDRA (UINT64_C(1) << 11)
#define MDCR_TTRF (UINT64_C(1) << 19)

static uint64_t field(uint64_t reg, unsigned shift)
{
    return (reg >> shift) & 0xf;
}

/* Registers that exist only where the CPU has the feature. */
static void el2_init_optional(void)
{
    uint64_t mmfr0 = AARCH64_READ(id_aa64mmfr0_el1);
    uint64_t mmfr1 = AARCH64_READ(id_aa64mmfr1_el1);

    if (field(mmfr1, 40) != 0) { /* FEAT_HCX: HCRX_EL2 */
        AARCH64_WRITE(s3_4_c1_c2_2, 0);
    }
    if (field(mmfr0, 56) != 0) {        /* FEAT_FGT: no fine-grained traps, HCR_EL2 has its say */
        AARCH64_WRITE(s3_4_c1_c1_4, 0); /* HFGRTR_EL2 */
        AARCH64_WRITE(s3_4_c1_c1_5, 0); /* HFGWTR_EL2 */
        AARCH64_WRITE(s3_4_c1_c1_6, 0); /* HFGITR_EL2 */
        AARCH64_WRITE(s3_4_c3_c1_4, 0); /* HDFGRTR_EL2 */
        AARCH64_WRITE(s3_4_c3_c1_5, 0); /* HDFGWTR_EL2 */
    }
    if (field(mmfr0, 60) >= 2) { /* FEAT_ECV: CNTPOFF_EL2 */
        AARCH64_WRITE(s3_4_c14_c0_6, 0);
    }
}

void aarch64_grant(uint32_t features)
{
    uint64_t dfr0 = AARCH64_READ(id_aa64dfr0_el1);
    uint64_t mdcr = 0;
    uint64_t cptr = CPTR_GUEST;

    if ((features & ARCH_FEATURE_PMU) == 0) {
        mdcr |= MDCR_TPMCR | MDCR_TPM;
    }
    if ((features & ARCH_FEATURE_DEBUG) == 0) {
        mdcr |= MDCR_TDA | MDCR_TDOSA | MDCR_TDRA;
    }
    if (field(dfr0, 40) != 0) { /* FEAT_TRF */
        mdcr |= MDCR_TTRF;
    }
    if (field(dfr0, 8) != 0 && field(dfr0, 8) != 0xf) { /* PMUv3: HPMN = PMCR_EL0.N */
        mdcr |= (AARCH64_READ(pmcr_el0) >> 11) & 0x1f;
    }
    if ((features & ARCH_FEATURE_SVE) != 0 &&
        field(AARCH64_READ(id_aa64pfr0_el1), 32) != 0) { /* ZCR_EL2: all vector lengths */
        cptr &= ~CPTR_TZ;
        AARCH64_WRITE(cptr_el2, cptr);
        aarch64_isb();
        AARCH64_WRITE(s3_4_c1_c2_0, 0xf);
    }
    AARCH64_WRITE(cptr_el2, cptr);
    AARCH64_WRITE(mdcr_el2, mdcr);
}

void aarch64_el2_init(void)
{
    AARCH64_WRITE(hcr_el2, HCR_GUEST & ~HCR_VM);
    aarch64_isb();
    if ((AARCH64_READ(hcr_el2) & HCR_E2H) != 0) {
        panic("this CPU has HCR_EL2.E2H fixed to 1 (VHE only), which is not supported");
    }
    aarch64_grant(0);
    AARCH64_WRITE(hstr_el2, 0);
    AARCH64_WRITE(hacr_el2, 0);
    AARCH64_WRITE(cnthctl_el2, CNTHCTL_NATIVE);
    AARCH64_WRITE(cntvoff_el2, 0);
    AARCH64_WRITE(cnthp_ctl_el2, 0);
    AARCH64_WRITE(cnthp_cval_el2, UINT64_MAX);
    AARCH64_WRITE(vttbr_el2, 0);
    AARCH64_WRITE(vpidr_el2, AARCH64_READ(midr_el1));
    el2_init_optional();
    aarch64_isb();
}

/* PARange of this CPU against what the VMs' stage-2 tables were built for (VTCR_EL2.PS), and the
 * GIC's system register interface. */
const char *arch_cpu_check(void)
{
    uint64_t parange = AARCH64_READ(id_aa64mmfr0_el1) & 0xf;

    if (((AARCH64_READ(id_aa64pfr0_el1) >> 24) & 0xf) == 0) {
        return "the CPU has no GICv3 system registers: the board runs another GIC version";
    }
    for (unsigned vm = 0; vm < VM_COUNT; vm++) {
        if (((vm_rows[vm].arch.vtcr >> 16) & 0x7) > parange) {
            return "the CPU has fewer physical address bits than planned";
        }
    }
    return NULL;
}
