/* SPDX-License-Identifier: Apache-2.0 */
#include "arch/aarch64/aarch64.h"
#include "arch/aarch64/gic.h"
#include "arch/aarch64/sysreg.h"
#include "arch/arch.h"
#include "platform/panic.h"
#include <tables.h>

/* CPTR_EL2 with E2H = 0 (D17.2.30): RES1 bits; TAM, TTA, TSM and TZ trap, FP and SIMD do not. */
#define CPTR_GUEST UINT64_C(0x401033ff)
#define CPTR_TZ (UINT64_C(1) << 8)

/* MDCR_EL2 (D17.2.92): debug, PMU, SPE and trace registers trap; HPMN = all counters are the
 * guest's (it can't reach them), which don't count at EL2. */
#define MDCR_TPMCR (UINT64_C(1) << 5)
#define MDCR_TPM (UINT64_C(1) << 6)
#define MDCR_TDA (UINT64_C(1) << 9)
#define MDCR_TDOSA (UINT64_C(1) << 10)
#define MDCR_TDRA (UINT64_C(1) << 11)
#define MDCR_TPMS (UINT64_C(1) << 14)
#define MDCR_HPMD (UINT64_C(1) << 17)
#define MDCR_TTRF (UINT64_C(1) << 19)
#define MDCR_HCCD (UINT64_C(1) << 23)

/* MPAM2_EL2 (DDI 0598, 7.4): both EL1's and EL0's partition registers and MPAMIDR_EL1 trap; PARTID
 * and PMG 0 for EL2. */
#define MPAM2_GUEST (UINT64_C(3) << 48)
#define MPAMIDR_HAS_HCR (UINT64_C(1) << 17)
#define MPAMHCR_GUEST (UINT64_C(1) << 31)

#define MIDR_CORE 0xff00fff0u /* implementer, part */

static uint64_t field(uint64_t reg, unsigned shift)
{
    return (reg >> shift) & 0xf;
}

/* Guests get partition 0 of caches and memory like everybody: choosing one would take from others.
 */
static void el2_init_mpam(void)
{
    AARCH64_WRITE(s3_4_c10_c5_0, MPAM2_GUEST);
    if ((AARCH64_READ(s3_0_c10_c4_4) & MPAMIDR_HAS_HCR) != 0) {
        AARCH64_WRITE(s3_4_c10_c4_0, MPAMHCR_GUEST); /* MPAMHCR_EL2: MPAMIDR_EL1 traps, too */
    }
    AARCH64_WRITE(s3_0_c10_c5_0, 0); /* MPAM1_EL1 */
    AARCH64_WRITE(s3_0_c10_c5_1, 0); /* MPAM0_EL1 */
}

/* Registers that exist only where the CPU has the feature. */
static void el2_init_optional(void)
{
    uint64_t pfr0 = AARCH64_READ(id_aa64pfr0_el1);
    uint64_t mmfr0 = AARCH64_READ(id_aa64mmfr0_el1);
    uint64_t mmfr1 = AARCH64_READ(id_aa64mmfr1_el1);

    if (field(pfr0, 28) != 0) {          /* FEAT_RAS: what a virtual SError brings along */
        AARCH64_WRITE(s3_4_c5_c2_3, 0);  /* VSESR_EL2 */
        AARCH64_WRITE(s3_4_c12_c1_1, 0); /* VDISR_EL2 */
    }
    if (field(pfr0, 40) != 0 || field(AARCH64_READ(id_aa64pfr1_el1), 16) != 0) { /* FEAT_MPAM */
        el2_init_mpam();
    }

    if (field(mmfr1, 40) != 0) { /* FEAT_HCX: HCRX_EL2 */
        AARCH64_WRITE(s3_4_c1_c2_2, 0);
    }
    if (field(mmfr0, 56) != 0) {        /* FEAT_FGT: no fine-grained traps, HCR_EL2 has its say */
        AARCH64_WRITE(s3_4_c1_c1_4, 0); /* HFGRTR_EL2 */
        AARCH64_WRITE(s3_4_c1_c1_5, 0); /* HFGWTR_EL2 */
        AARCH64_WRITE(s3_4_c1_c1_6, 0); /* HFGITR_EL2 */
        AARCH64_WRITE(s3_4_c3_c1_4, 0); /* HDFGRTR_EL2 */
        AARCH64_WRITE(s3_4_c3_c1_5, 0); /* HDFGWTR_EL2 */
        if (field(pfr0, 44) != 0) {
            AARCH64_WRITE(s3_4_c3_c1_6, 0); /* HAFGRTR_EL2; CPTR_EL2.TAM traps all of it */
        }
    }
    if (field(mmfr0, 60) >= 2) { /* FEAT_ECV: CNTPOFF_EL2 */
        AARCH64_WRITE(s3_4_c14_c0_6, 0);
    }
}

/* What MDCR_EL2 says of the PMU where the CPU has one; its counters stop, whoever used them. */
static uint64_t pmu_init(uint64_t version)
{
    AARCH64_WRITE(pmcr_el0, 0);
    AARCH64_WRITE(pmcntenclr_el0, UINT32_MAX);
    AARCH64_WRITE(pmintenclr_el1, UINT32_MAX);
    AARCH64_WRITE(pmovsclr_el0, UINT32_MAX);
    AARCH64_WRITE(pmuserenr_el0, 0);
    return ((AARCH64_READ(pmcr_el0) >> 11) & 0x1f) | /* HPMN = PMCR_EL0.N */
           (version >= 4 ? MDCR_HPMD : 0) | (version >= 6 ? MDCR_HCCD : 0);
}

void aarch64_grant(uint32_t features)
{
    uint64_t dfr0 = AARCH64_READ(id_aa64dfr0_el1);
    uint64_t pmu = field(dfr0, 8);
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
    if (field(dfr0, 32) != 0) { /* FEAT_SPE; E2PB = 0: its buffer is EL2's, who has none */
        mdcr |= MDCR_TPMS;
    }
    if (pmu != 0 && pmu != 0xf) {
        mdcr |= pmu_init(pmu);
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
    /* Translations of EL1 and EL0 are UNKNOWN at reset, and those of whoever ran here before are of
     * no VM (D8.13); a VM's own flush may have come before this CPU took part in coherency. */
    __asm__ volatile("tlbi alle1\n\tic iallu\n\tdsb nsh\n\tisb" : : : "memory");
    /* What firmware left pending comes now, before any guest could be blamed for it. */
    __asm__ volatile("msr daifclr, #4" : : : "memory");
}

/* What is used because board.toml lists it among the CPUs' features. */
static const char *check_features(void)
{
    uint64_t isar0 = AARCH64_READ(id_aa64isar0_el1);

    if (CONFIG_ARCH_SHA256 && CONFIG_VERIFY_IMAGES_SHA256 && field(isar0, 12) == 0) {
        return "the CPU has no SHA-256 instructions, which its board's facts promise";
    }
    if (CONFIG_ARCH_CRC32 && CONFIG_VERIFY_IMAGES_CRC32 && field(isar0, 16) == 0) {
        return "the CPU has no CRC-32 instructions, which its board's facts promise";
    }
    return NULL;
}

/* Is this the core that the board's tree names, by which is known what it needs?  Models of no core
 * have implementer 0 (MIDR_EL1, D17.2.105). */
static bool core_is_planned(void)
{
    uint32_t midr = (uint32_t)AARCH64_READ(midr_el1) & MIDR_CORE;
    uint32_t planned = pcpu_rows[arch_cpu_index()].arch.midr;

    return planned == 0 || midr >> 24 == 0 || midr == planned;
}

/* PARange of this CPU against what the VMs' stage-2 tables were built for (VTCR_EL2.PS), the GIC's
 * version, the counter's frequency (D11.1.2: software sets it). */
const char *arch_cpu_check(void)
{
    uint64_t parange = AARCH64_READ(id_aa64mmfr0_el1) & 0xf;
    const char *gic = gic_cpu_check();

    if (gic != NULL) {
        return gic;
    }
    if (!core_is_planned()) {
        return "the CPU is of another type than its board's tree says";
    }
    for (unsigned vm = 0; vm < VM_COUNT; vm++) {
        if (((vm_rows[vm].arch.vtcr >> 16) & 0x7) > parange) {
            return "the CPU has fewer physical address bits than planned";
        }
    }
    if (AARCH64_READ(cntfrq_el0) < 1000) {
        return "firmware did not set the frequency of the system counter (CNTFRQ_EL0)";
    }
    return check_features();
}
