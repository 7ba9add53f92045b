/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>
#include <string.h>

#include "arch/aarch64/aarch64.h"
#include "arch/aarch64/sysreg.h"
#include "arch/arch.h"
#include "platform/log.h"

/* world.S reaches the registers from the pointer to struct arch_vcpu. */
_Static_assert(offsetof(struct arch_vcpu, x) == 0, "world.S: x0 at 0");
_Static_assert(offsetof(struct arch_vcpu, x[30]) == 240, "world.S: x30 at 240");

/* SCTLR_EL1 out of reset: RES1 bits (D17.2.118), MMU and caches off. */
#define SCTLR_EL1_RESET UINT64_C(0x30c50830)
#define SCTLR_EL1_SPAN (UINT64_C(1) << 23)
#define SCTLR_EL1_DSSBS (UINT64_C(1) << 44)
#define SPSR_NZCV (UINT64_C(0xf) << 28)
#define SPSR_DIT (UINT64_C(1) << 24)
#define SPSR_PAN (UINT64_C(1) << 22)
#define SPSR_SSBS (UINT64_C(1) << 12)
#define MPIDR_RES1 (UINT64_C(1) << 31)
#define ESR_WNR (UINT64_C(1) << 6)

/* FP and SIMD registers to zero: they may hold what ran here before. */
static void vcpu_reset_simd(void)
{
    __asm__ volatile(".arch_extension fp\n\t"
                     ".arch_extension simd\n\t"
                     "msr fpcr, xzr\n\t"
                     "msr fpsr, xzr\n\t"
                     ".irp n,0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n\t"
                     "movi v\\n\\().2d, #0\n\t"
                     ".endr\n\t"
                     ".irp n,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31\n\t"
                     "movi v\\n\\().2d, #0\n\t"
                     ".endr\n\t"
                     ".arch_extension nosimd\n\t"
                     ".arch_extension nofp\n\t");
}

/* EL1 and EL0 system registers; those that reset UNKNOWN become zero, so that nothing of an
 * earlier run shows. */
static void vcpu_reset_el1(void)
{
    AARCH64_WRITE(sctlr_el1, SCTLR_EL1_RESET);
    AARCH64_WRITE(cpacr_el1, 0);
    AARCH64_WRITE(ttbr0_el1, 0);
    AARCH64_WRITE(ttbr1_el1, 0);
    AARCH64_WRITE(tcr_el1, 0);
    AARCH64_WRITE(mair_el1, 0);
    AARCH64_WRITE(amair_el1, 0);
    AARCH64_WRITE(vbar_el1, 0);
    AARCH64_WRITE(contextidr_el1, 0);
    AARCH64_WRITE(tpidr_el1, 0);
    AARCH64_WRITE(tpidr_el0, 0);
    AARCH64_WRITE(tpidrro_el0, 0);
    AARCH64_WRITE(sp_el0, 0);
    AARCH64_WRITE(sp_el1, 0);
    AARCH64_WRITE(elr_el1, 0);
    AARCH64_WRITE(spsr_el1, 0);
    AARCH64_WRITE(esr_el1, 0);
    AARCH64_WRITE(far_el1, 0);
    AARCH64_WRITE(afsr0_el1, 0);
    AARCH64_WRITE(afsr1_el1, 0);
    AARCH64_WRITE(par_el1, 0);
    AARCH64_WRITE(csselr_el1, 0);
    AARCH64_WRITE(cntkctl_el1, 0);
    AARCH64_WRITE(cntv_ctl_el0, 0);
    AARCH64_WRITE(cntv_cval_el0, 0);
    AARCH64_WRITE(cntp_ctl_el0, 0);
    AARCH64_WRITE(cntp_cval_el0, 0);
    AARCH64_WRITE(mdscr_el1, 0);
}

void arch_vcpu_reset(struct arch_vcpu *vcpu, const struct vm_row *vm, const struct vcpu_row *row,
                     uint64_t entry, uint64_t arg, uint64_t counter_base)
{
    memset(vcpu, 0, sizeof(*vcpu));
    vcpu->x[0] = arg;
    vcpu_reset_el1();
    vcpu_reset_simd();
    aarch64_grant(vm->arch.features);
    AARCH64_WRITE(cntvoff_el2, counter_base);
    AARCH64_WRITE(cnthctl_el2, vm->own_counter ? 0 : CNTHCTL_NATIVE);
    AARCH64_WRITE(vmpidr_el2, row->guest_id | MPIDR_RES1);
    AARCH64_WRITE(vttbr_el2, vm->arch.vttbr);
    AARCH64_WRITE(vtcr_el2, vm->arch.vtcr);
    AARCH64_WRITE(hcr_el2, HCR_GUEST);
    AARCH64_WRITE(elr_el2, entry);
    AARCH64_WRITE(spsr_el2, SPSR_EL1H | SPSR_DAIF);
    aarch64_isb();
}

static uint64_t read_extended(const struct exit_access *access, uint64_t value)
{
    if (access->sign) {
        unsigned shift = 64u - 8u * access->size;
        value = (uint64_t)((int64_t)(value << shift) >> shift);
    }
    return access->reg64 ? value : (uint32_t)value;
}

void arch_vcpu_complete(struct arch_vcpu *vcpu, const struct exit *exit, uint64_t value)
{
    if (exit->kind == EXIT_MMIO && !exit->access.write) {
        arch_reg_set(vcpu, exit->access.reg, read_extended(&exit->access, value));
    } else if (exit->kind == EXIT_SYSREG && !exit->sysreg.write) {
        arch_reg_set(vcpu, exit->sysreg.reg, value);
    }
    AARCH64_WRITE(elr_el2, AARCH64_READ(elr_el2) + 4);
}

/* PSTATE on taking an exception to EL1 (D1.3.5). */
static uint64_t exception_pstate(uint64_t old)
{
    uint64_t sctlr = AARCH64_READ(sctlr_el1);
    uint64_t kept = old & (SPSR_NZCV | SPSR_DIT | SPSR_PAN);

    if ((old & SPSR_AARCH32) != 0) {
        kept = old & SPSR_NZCV; /* DIT and PAN stand elsewhere there */
    }
    if (((AARCH64_READ(id_aa64mmfr1_el1) >> 20) & 0xf) != 0 && (sctlr & SCTLR_EL1_SPAN) == 0) {
        kept |= SPSR_PAN;
    }
    if ((sctlr & SCTLR_EL1_DSSBS) != 0) {
        kept |= SPSR_SSBS;
    }
    return kept | SPSR_EL1H | SPSR_DAIF;
}

static uint64_t exception_vector(uint64_t old)
{
    uint64_t vbar = AARCH64_READ(vbar_el1);

    if ((old & SPSR_AARCH32) != 0) {
        return vbar + 0x600;
    }
    if ((old & SPSR_MODE_MASK) == SPSR_EL0T) {
        return vbar + 0x400;
    }
    return (old & SPSR_MODE_MASK) == SPSR_EL1T ? vbar : vbar + 0x200;
}

/* ESR_EL1 of the abort that the exit is turned into: external abort, on a walk where the fault was
 * the walk's; the same class one exception level nearer. */
static uint64_t abort_syndrome(const struct exit *exit, bool from_el0)
{
    uint64_t esr = AARCH64_READ(esr_el2);
    bool fetch = ESR_EC(esr) == EC_INSTRUCTION_LOWER;
    uint32_t ec = fetch ? (from_el0 ? EC_INSTRUCTION_LOWER : EC_INSTRUCTION_SAME)
                        : (from_el0 ? EC_DATA_LOWER : EC_DATA_SAME);
    uint64_t iss = (esr & ISS_S1PTW) != 0 ? FSC_EXTERNAL_WALK | 0x1u : FSC_EXTERNAL;

    if (!fetch && exit->kind == EXIT_MMIO) {
        iss |= exit->access.write ? ESR_WNR : 0;
    } else if (!fetch) {
        iss |= esr & ESR_WNR;
    }
    return ((uint64_t)ec << 26) | (esr & ESR_IL) | iss;
}

void arch_vcpu_inject(struct arch_vcpu *vcpu, const struct exit *exit, enum arch_fault fault)
{
    uint64_t old = AARCH64_READ(spsr_el2);
    bool from_el0 = (old & SPSR_AARCH32) != 0 || (old & SPSR_MODE_MASK) == SPSR_EL0T;

    (void)vcpu;
    if (fault == ARCH_FAULT_SERROR) { /* HCR_EL2.VSE: a virtual SError, taken when unmasked */
        AARCH64_WRITE(hcr_el2, AARCH64_READ(hcr_el2) | (UINT64_C(1) << 8));
        return;
    }
    if (fault == ARCH_FAULT_UNDEF) {
        AARCH64_WRITE(esr_el1, ((uint64_t)EC_UNKNOWN << 26) | ESR_IL);
    } else {
        AARCH64_WRITE(esr_el1, abort_syndrome(exit, from_el0));
        AARCH64_WRITE(far_el1, AARCH64_READ(far_el2));
    }
    AARCH64_WRITE(elr_el1, AARCH64_READ(elr_el2));
    AARCH64_WRITE(spsr_el1, old);
    AARCH64_WRITE(elr_el2, exception_vector(old));
    AARCH64_WRITE(spsr_el2, exception_pstate(old));
}

void arch_vcpu_dump(const struct arch_vcpu *vcpu)
{
    log_error("  pc %016llx  pstate %08llx  sp_el1 %016llx",
              (unsigned long long)AARCH64_READ(elr_el2), (unsigned long long)AARCH64_READ(spsr_el2),
              (unsigned long long)AARCH64_READ(sp_el1));
    for (unsigned reg = 0; reg + 1 < 31; reg += 3) {
        log_error("  x%-2u %016llx  x%-2u %016llx  x%-2u %016llx", reg,
                  (unsigned long long)arch_reg_get(vcpu, reg), reg + 1,
                  (unsigned long long)arch_reg_get(vcpu, reg + 1), reg + 2,
                  (unsigned long long)arch_reg_get(vcpu, reg + 2));
    }
    log_error("  x30 %016llx  sctlr_el1 %llx  vbar_el1 %llx  elr_el1 %llx  esr_el1 %llx",
              (unsigned long long)arch_reg_get(vcpu, 30),
              (unsigned long long)AARCH64_READ(sctlr_el1),
              (unsigned long long)AARCH64_READ(vbar_el1), (unsigned long long)AARCH64_READ(elr_el1),
              (unsigned long long)AARCH64_READ(esr_el1));
}
