/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>

#include "arch/aarch64/aarch64.h"
#include "arch/aarch64/gic.h"
#include "arch/aarch64/sysreg.h"
#include "arch/arch.h"
#include "platform/log.h"

/* world.S reaches the registers from the pointer to struct arch_vcpu. */
_Static_assert(offsetof(struct arch_vcpu, x) == 0, "world.S: x0 at 0");
_Static_assert(offsetof(struct arch_vcpu, x[30]) == 240, "world.S: x30 at 240");

/* SCTLR_EL1 out of reset: RES1 bits (D17.2.118), MMU and caches off. */
#define SCTLR_EL1_RESET UINT64_C(0x30d50830)
#define SCTLR_EL1_SPAN (UINT64_C(1) << 23)
#define SCTLR_EL1_DSSBS (UINT64_C(1) << 44)
#define SPSR_NZCV (UINT64_C(0xf) << 28)
#define SPSR_DIT (UINT64_C(1) << 24)
#define SPSR_PAN (UINT64_C(1) << 22)
#define SPSR_SSBS (UINT64_C(1) << 12)
#define MPIDR_RES1 (UINT64_C(1) << 31)

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
    for (unsigned n = 0; n < 31; n++) {
        vcpu->x[n] = n == 0 ? arg : 0;
    }
    vcpu_reset_el1();
    vcpu_reset_simd();
    aarch64_grant(vm->arch.features);
    AARCH64_WRITE(cntvoff_el2, counter_base);
    AARCH64_WRITE(cnthctl_el2, vm->own_counter ? 0 : CNTHCTL_NATIVE);
    AARCH64_WRITE(vmpidr_el2, row->guest_id | MPIDR_RES1);
    AARCH64_WRITE(vttbr_el2, vm->arch.vttbr);
    AARCH64_WRITE(vtcr_el2, vm->arch.vtcr);
    AARCH64_WRITE(hcr_el2, gic_is_direct(row->pcpu) ? HCR_GUEST & ~GIC_HCR_DIRECT : HCR_GUEST);
    AARCH64_WRITE(elr_el2, entry);
    AARCH64_WRITE(spsr_el2, SPSR_EL1H | SPSR_DAIF);
    aarch64_isb();
    /* Cortex CPUs come out of reset without translations and instructions: so does a vCPU that goes
     * on again, whatever it left here. */
    __asm__ volatile("tlbi vmalle1\n\tic iallu\n\tdsb nsh\n\tisb" : : : "memory");
}

/* IT block of AArch32 EL0: the next instruction's condition (ITAdvance()). */
static uint64_t it_advance(uint64_t spsr)
{
    uint64_t it = ((spsr >> 8) & 0xfc) | ((spsr >> 25) & 0x3);

    it = (it & 0x7) == 0 ? 0 : (it & 0xe0) | ((it << 1) & 0x1f);
    return (spsr & ~SPSR_AARCH32_IT) | ((it & 0xfc) << 8) | ((it & 0x3) << 25);
}

/* An executed instruction leaves BTYPE 0, and a step that it was is done: SS 0 (D2.12).  IL is 0
 * for the 16-bit ones of T32. */
void aarch64_skip_instruction(void)
{
    uint64_t spsr = AARCH64_READ(spsr_el2) & ~SPSR_SS;
    uint64_t size = (AARCH64_READ(esr_el2) & ESR_IL) != 0 ? 4 : 2;

    AARCH64_WRITE(spsr_el2, (spsr & SPSR_AARCH32) != 0 ? it_advance(spsr) : spsr & ~SPSR_BTYPE);
    AARCH64_WRITE(elr_el2, AARCH64_READ(elr_el2) + size);
}

uint64_t aarch64_guest_endian(uint64_t value, unsigned size)
{
    uint64_t spsr = AARCH64_READ(spsr_el2);
    uint64_t sctlr = AARCH64_READ(sctlr_el1);
    bool big = (sctlr & SCTLR_EL1_EE) != 0;

    if ((spsr & SPSR_AARCH32) != 0) {
        big = (spsr & SPSR_AARCH32_E) != 0;
    } else if ((spsr & SPSR_MODE_MASK) == SPSR_EL0T) {
        big = (sctlr & SCTLR_EL1_E0E) != 0;
    }
    value <<= 64u - 8u * size;
    return big ? __builtin_bswap64(value) : value >> (64u - 8u * size);
}

/* The identification registers never change: the next read of one takes the short way. */
static void remember_id(struct arch_vcpu *vcpu, uint32_t encoding, uint64_t value)
{
    uint32_t n = encoding - ARCH_SYSREG(3, 0, 0, 0, 0);

    if (n < ARCH_ID_COUNT) {
        vcpu->id[n] = value;
        vcpu->id_known |= UINT64_C(1) << n;
    }
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
        value = aarch64_guest_endian(value, exit->access.size);
        arch_reg_set(vcpu, exit->access.reg, read_extended(&exit->access, value));
    } else if (exit->kind == EXIT_SYSREG && !exit->sysreg.write) {
        arch_reg_set(vcpu, exit->sysreg.reg, value);
        if (CONFIG_FAST_PATHS) {
            remember_id(vcpu, exit->sysreg.encoding, value);
        }
    }
    aarch64_skip_instruction();
}

/* PSTATE on taking an exception to EL1 (D1.3.5); what is kept stands at the same bits when it comes
 * from AArch32 (C5.2.19). */
static uint64_t exception_pstate(uint64_t old)
{
    uint64_t sctlr = AARCH64_READ(sctlr_el1);
    uint64_t kept = old & (SPSR_NZCV | SPSR_DIT | SPSR_PAN);

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
 * the walk's; the same class one exception level nearer.  ISV is 0, for which IL is 1. */
static uint64_t abort_syndrome(bool from_el0)
{
    uint64_t esr = AARCH64_READ(esr_el2);
    bool fetch = ESR_EC(esr) == EC_INSTRUCTION_LOWER;
    uint32_t ec = fetch ? (from_el0 ? EC_INSTRUCTION_LOWER : EC_INSTRUCTION_SAME)
                        : (from_el0 ? EC_DATA_LOWER : EC_DATA_SAME);
    uint64_t iss = (esr & ISS_S1PTW) != 0 ? FSC_EXTERNAL_WALK | 0x1u : FSC_EXTERNAL;

    if (!fetch) {
        iss |= esr & (ISS_WNR | ISS_CM);
    }
    if (ISS_FSC(esr) == FSC_EXTERNAL) {
        iss |= esr & ISS_FNV;
    }
    return ((uint64_t)ec << 26) | ESR_IL | iss;
}

void arch_vcpu_inject(struct arch_vcpu *vcpu, const struct exit *exit, enum arch_fault fault)
{
    uint64_t old = AARCH64_READ(spsr_el2);
    bool from_el0 = (old & SPSR_AARCH32) != 0 || (old & SPSR_MODE_MASK) == SPSR_EL0T;

    (void)vcpu;
    (void)exit;
    if (fault == ARCH_FAULT_SERROR) { /* HCR_EL2.VSE: a virtual SError, taken when unmasked */
        AARCH64_WRITE(hcr_el2, AARCH64_READ(hcr_el2) | (UINT64_C(1) << 8));
        return;
    }
    if (fault == ARCH_FAULT_UNDEF) {
        AARCH64_WRITE(esr_el1, ((uint64_t)EC_UNKNOWN << 26) | ESR_IL);
    } else {
        AARCH64_WRITE(esr_el1, abort_syndrome(from_el0));
        AARCH64_WRITE(far_el1, AARCH64_READ(far_el2));
    }
    AARCH64_WRITE(elr_el1, AARCH64_READ(elr_el2));
    AARCH64_WRITE(spsr_el1, old);
    AARCH64_WRITE(elr_el2, exception_vector(old));
    AARCH64_WRITE(spsr_el2, exception_pstate(old));
}

uint64_t arch_vcpu_pc(const struct arch_vcpu *vcpu)
{
    (void)vcpu;
    return AARCH64_READ(elr_el2);
}

void arch_vcpu_dump(const struct arch_vcpu *vcpu)
{
    log_error("  pc %016llx  pstate %08llx  sp_el1 %016llx",
              (unsigned long long)AARCH64_READ(elr_el2), (unsigned long long)AARCH64_READ(spsr_el2),
              (unsigned long long)AARCH64_READ(sp_el1));
    aarch64_log_registers(vcpu->x);
    log_error("  sctlr_el1 %llx  vbar_el1 %llx  elr_el1 %llx  esr_el1 %llx",
              (unsigned long long)AARCH64_READ(sctlr_el1),
              (unsigned long long)AARCH64_READ(vbar_el1), (unsigned long long)AARCH64_READ(elr_el1),
              (unsigned long long)AARCH64_READ(esr_el1));
}
