/* SPDX-License-Identifier: Apache-2.0 */
#include "arch/aarch64/aarch64.h"
#include "arch/aarch64/sysreg.h"
#include "platform/console.h"
#include "platform/log.h"
#include "platform/panic.h"

/* D17.2.37, table of exception classes; those that reach EL2 from EL1, EL0 or EL2 itself. */
const char *aarch64_ec_words(uint32_t ec)
{
    switch (ec) {
    case 0x00:
        return "undefined instruction";
    case 0x01:
        return "WFI or WFE";
    case 0x03:
    case 0x04:
    case 0x05:
    case 0x06:
    case 0x08:
    case 0x0c:
        return "AArch32 coprocessor access";
    case 0x07:
        return "floating point, SIMD or SVE access";
    case 0x09:
        return "pointer authentication";
    case 0x0a:
        return "LD64B or ST64B";
    case 0x0d:
        return "branch target";
    case 0x0e:
        return "illegal execution state";
    case 0x11:
    case 0x12:
    case 0x13:
        return "AArch32 SVC, HVC or SMC";
    case 0x15:
        return "SVC";
    case 0x16:
        return "HVC";
    case 0x17:
        return "SMC";
    case 0x18:
        return "system register access";
    case 0x19:
        return "SVE access";
    case 0x1a:
        return "ERET";
    case 0x1d:
        return "SME access";
    case 0x20:
        return "instruction abort of the guest";
    case 0x21:
        return "instruction abort";
    case 0x22:
        return "misaligned program counter";
    case 0x24:
        return "data abort of the guest";
    case 0x25:
        return "data abort";
    case 0x26:
        return "misaligned stack pointer";
    case 0x2f:
        return "SError";
    default:
        return "unclassified exception";
    }
}

void aarch64_log_registers(const uint64_t x[31])
{
    for (unsigned reg = 0; reg < 30; reg += 3) {
        log_error("  x%-2u %016llx  x%-2u %016llx  x%-2u %016llx", reg, (unsigned long long)x[reg],
                  reg + 1, (unsigned long long)x[reg + 1], reg + 2, (unsigned long long)x[reg + 2]);
    }
    log_error("  x30 %016llx", (unsigned long long)x[30]);
}

static const char *const own_kinds[] = { "synchronous exception", "IRQ", "FIQ", "SError" };

_Noreturn void aarch64_own_exception(uint64_t kind, uint64_t stack_pointer, const uint64_t x[31])
{
    uint64_t esr = AARCH64_READ(esr_el2);

    console_seize();
    aarch64_log_registers(x);
    panic("%s at EL2 on CPU %u: %s\n"
          "  pc %#llx  address %#llx  syndrome %#llx  sp %#llx\n"
          "  guest: vttbr %#llx  pc before %#llx",
          own_kinds[kind & 3], (unsigned)AARCH64_READ(tpidr_el2), aarch64_ec_words(ESR_EC(esr)),
          (unsigned long long)AARCH64_READ(elr_el2), (unsigned long long)AARCH64_READ(far_el2),
          (unsigned long long)esr, (unsigned long long)stack_pointer,
          (unsigned long long)AARCH64_READ(vttbr_el2), (unsigned long long)AARCH64_READ(elr_el1));
}
