/* SPDX-License-Identifier: Apache-2.0 */
#include "arch/aarch64/aarch64.h"
#include "arch/aarch64/gic.h"
#include "arch/aarch64/serror.h"
#include "arch/aarch64/sysreg.h"
#include "arch/arch.h"
#include "platform/log.h"
#include "platform/panic.h"

static void exit_fault(struct exit *exit, enum exit_kind kind, uint64_t esr, const char *words)
{
    exit->kind = kind;
    exit->fault = (struct exit_fault){
        .syndrome = esr,
        .address = AARCH64_READ(far_el2),
        .gpa = GPA(0),
        .words = words,
    };
}

/* HPFAR_EL2.FIPA is IPA[51:12] at bit 4 (D17.2.63); the rest of the address is FAR_EL2's. */
static gpa_t fault_gpa(uint64_t far)
{
    return GPA(((AARCH64_READ(hpfar_el2) & ~UINT64_C(0xf)) << 8) | (far & 0xfff));
}

/* Is the guest at the first instruction of the very vector that an injected abort would enter?
 * Then it can't take exceptions, and would fault there for ever. */
static bool guest_at_own_vector(void)
{
    uint64_t offset = AARCH64_READ(elr_el2) - AARCH64_READ(vbar_el1);

    return offset == 0x000 || offset == 0x200;
}

static void decode_instruction_abort(struct exit *exit, uint64_t esr)
{
    uint64_t far = AARCH64_READ(far_el2);
    bool lost = guest_at_own_vector();

    exit_fault(exit, lost ? EXIT_CRASH : EXIT_ABORT, esr,
               lost ? "no memory where its exception vector should be"
                    : "instruction fetch from an address without memory");
    exit->fault.gpa = fault_gpa(far);
}

static const char *data_abort_words(uint64_t esr, uint32_t type)
{
    if ((esr & ISS_S1PTW) != 0) {
        return "walk of its page tables outside its memory";
    }
    if (type == FSC_PERMISSION) {
        return "access that the memory there does not allow";
    }
    if (type != FSC_TRANSLATION) {
        return "access that the bus answered with a fault";
    }
    return (esr & ISS_CM) != 0 ? "cache maintenance where no memory is"
                               : "pair, SIMD, atomic or writeback access where no memory is";
}

/* A load or store to a hole of stage 2 that the syndrome describes is a device access; everything
 * else (LDP, atomics, cache maintenance, table walks, writes to read-only memory) is an abort. */
static void decode_data_abort(const struct arch_vcpu *vcpu, struct exit *exit, uint64_t esr)
{
    uint64_t far = AARCH64_READ(far_el2);
    uint32_t type = ISS_FSC(esr) & FSC_TYPE_MASK;

    if ((esr & ISS_ISV) == 0 || (esr & (ISS_S1PTW | ISS_CM)) != 0 || type != FSC_TRANSLATION) {
        exit_fault(exit, EXIT_ABORT, esr, data_abort_words(esr, type));
        if (type == FSC_TRANSLATION || (esr & ISS_S1PTW) != 0) {
            exit->fault.gpa = fault_gpa(far);
        }
        return;
    }
    unsigned reg = ISS_SRT(esr);
    uint8_t size = (uint8_t)(1u << ISS_SAS(esr));

    exit->kind = EXIT_MMIO;
    exit->access = (struct exit_access){
        .gpa = fault_gpa(far),
        .value = aarch64_guest_endian(arch_reg_get(vcpu, reg), size),
        .size = size,
        .write = (esr & ISS_WNR) != 0,
        .sign = (esr & ISS_SSE) != 0,
        .reg64 = (esr & ISS_SF) != 0,
        .reg = (uint8_t)reg,
    };
}

/* ISS for EC 0x18: Op0[21:20] Op2[19:17] Op1[16:14] CRn[13:10] Rt[9:5] CRm[4:1] Direction[0]. */
static void decode_sysreg(const struct arch_vcpu *vcpu, struct exit *exit, uint64_t esr)
{
    uint32_t iss = (uint32_t)esr;
    uint8_t reg = (uint8_t)((iss >> 5) & 0x1f);

    exit->kind = EXIT_SYSREG;
    exit->sysreg = (struct exit_sysreg){
        .encoding = ARCH_SYSREG((iss >> 20) & 0x3, (iss >> 14) & 0x7, (iss >> 10) & 0xf,
                                (iss >> 1) & 0xf, (iss >> 17) & 0x7),
        .value = arch_reg_get(vcpu, reg),
        .write = (iss & 1) == 0,
        .reg = reg,
    };
}

static void decode_call(struct exit *exit, uint64_t esr, bool smc)
{
    exit->kind = EXIT_CALL;
    exit->call = (struct exit_call){ .smc = smc, .immediate = (uint32_t)esr & 0xffff };
    if (smc) { /* a trapped SMC returns to itself, HVC behind itself (D1.3.1) */
        aarch64_skip_instruction();
    }
}

static void decode_sync(const struct arch_vcpu *vcpu, struct exit *exit)
{
    uint64_t esr = AARCH64_READ(esr_el2);

    switch (ESR_EC(esr)) {
    case EC_DATA_LOWER:
        decode_data_abort(vcpu, exit, esr);
        break;
    case EC_HVC64:
        decode_call(exit, esr, false);
        break;
    case EC_SMC64:
        decode_call(exit, esr, true);
        break;
    case EC_SYSREG:
        decode_sysreg(vcpu, exit, esr);
        break;
    case EC_INSTRUCTION_LOWER:
        decode_instruction_abort(exit, esr);
        break;
    default:
        exit_fault(exit, EXIT_UNDEF, esr, aarch64_ec_words(ESR_EC(esr)));
        break;
    }
}

/* false: nothing is lost. */
static bool serror_ends_vm(uint64_t esr)
{
    bool has_ras = CONFIG_ARCH_RAS && (AARCH64_READ(id_aa64pfr0_el1) >> 28 & 0xf) != 0;
    enum serror_verdict verdict = serror_verdict(esr, has_ras);

    if (verdict == SERROR_ENDS_ALL) {
        panic("uncontained SError, syndrome %#llx", (unsigned long long)esr);
    }
    return verdict == SERROR_ENDS_VM;
}

/* An SError that became pending in an exit, where it is masked, comes here before the guest's next
 * instruction: the CPU is one VM's, and what EL2 does in an exit it does for that VM. */
static void decode_serror(struct exit *exit)
{
    uint64_t esr = AARCH64_READ(esr_el2);

    if (serror_ends_vm(esr)) {
        exit_fault(exit, EXIT_CRASH, esr, "SError: a bus or memory error of no known instruction");
        exit->fault.address = 0; /* FAR_EL2 tells nothing of it */
    } else {
        exit->kind = EXIT_IDLE;
    }
}

static void enter_once(struct arch_vcpu *vcpu, struct exit *exit)
{
    uint32_t vector = aarch64_enter(vcpu);

    if (vector == AARCH64_VECTOR_SYNC) {
        decode_sync(vcpu, exit);
    } else if (vector == AARCH64_VECTOR_SERROR) {
        decode_serror(exit);
    } else {
        exit->kind = EXIT_IRQ;
        if (CONFIG_FAST_PATHS && CONFIG_ARCH_GIC3 && vector == AARCH64_VECTOR_IRQ) {
            gic_acknowledged((uint32_t)vcpu->acknowledged);
        }
    }
}

void arch_vcpu_leave(const struct vm_row *vm)
{
    uint64_t esr = aarch64_serror_unmask();

    if (esr != 0 && serror_ends_vm(esr)) {
        log_error("%s: left an SError behind, syndrome %#llx", vm->name, (unsigned long long)esr);
    }
}

void arch_vcpu_enter(struct arch_vcpu *vcpu, struct exit *exit)
{
    do {
        enter_once(vcpu, exit);
    } while (CONFIG_ARCH_GIC3 && exit->kind == EXIT_SYSREG && aarch64_icv_traps() &&
             aarch64_icv_access(vcpu, exit));
}
