/* SPDX-License-Identifier: Apache-2.0 */
#include "arch/aarch64/aarch64.h"
#include "arch/aarch64/sysreg.h"
#include "arch/arch.h"
#include "gen/rows.h"
#include "platform/format.h"
#include "platform/log.h"
#include "platform/panic.h"
#include <tables.h>

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

#define REGISTER_LINE 80u

/* The line of registers that begins with `first`, a multiple of 3. */
static const char *register_line(char line[REGISTER_LINE], const uint64_t x[31], unsigned first)
{
    unsigned long long value = x[first];

    if (first == 30) {
        format_text(line, REGISTER_LINE, "  x30 %016llx", value);
    } else {
        format_text(line, REGISTER_LINE, "  x%-2u %016llx  x%-2u %016llx  x%-2u %016llx", first,
                    value, first + 1, (unsigned long long)x[first + 1], first + 2,
                    (unsigned long long)x[first + 2]);
    }
    return line;
}

void aarch64_log_registers(const uint64_t x[31])
{
    char line[REGISTER_LINE];

    for (unsigned first = 0; first <= 30; first += 3) {
        log_error("%s", register_line(line, x, first));
    }
}

static bool any_joined(const _Atomic bool joined[])
{
    for (uint32_t cpu = 0; cpu < PCPU_COUNT; cpu++) {
        if (joined[cpu]) {
            return true;
        }
    }
    return false;
}

/* Before a CPU joins this may be another level than EL2, where TPIDR_EL2 is undefined. */
uint32_t panic_interrupt(const _Atomic bool joined[])
{
    if (!any_joined(joined)) {
        return 0;
    }
    uint32_t own = (uint32_t)AARCH64_READ(tpidr_el2);
    uint32_t count = 0;

    if (own >= PCPU_COUNT || !joined[own]) {
        return 0;
    }
    arch_time_alarm(UINT64_MAX);
    for (uint32_t cpu = 0; cpu < PCPU_COUNT; cpu++) {
        if (cpu != own && joined[cpu]) {
            arch_ipi_send(cpu);
            count++;
        }
    }
    return count;
}

/* Whose guest the CPU runs. */
static void tell_vm(uint64_t cpu)
{
    if (cpu >= PCPU_COUNT || pcpu_rows[cpu].vcpu < 0) {
        panic_line("  this CPU has no VM");
        return;
    }
    const struct vcpu_row *row = &vcpu_rows[pcpu_rows[cpu].vcpu];

    panic_line("  VM %s, vCPU %u: vttbr %#llx  pc before %#llx", vm_rows[row->vm].name,
               (unsigned)row->index, (unsigned long long)AARCH64_READ(vttbr_el2),
               (unsigned long long)AARCH64_READ(elr_el1));
}

static const char *const own_kinds[] = { "synchronous exception", "IRQ", "FIQ", "SError" };

_Noreturn void aarch64_own_exception(uint64_t kind, uint64_t stack_pointer, const uint64_t x[31])
{
    uint64_t esr = AARCH64_READ(esr_el2);
    unsigned long long pc = AARCH64_READ(elr_el2);
    unsigned long long address = AARCH64_READ(far_el2);
    uint64_t cpu = AARCH64_READ(tpidr_el2);
    char line[REGISTER_LINE];

    panic_begin();
    panic_line("panic: %s at EL2 on CPU %u: %s", own_kinds[kind & 3], (unsigned)cpu,
               aarch64_ec_words(ESR_EC(esr)));
    panic_line("  pc %#llx  address %#llx  syndrome %#llx  sp %#llx", pc, address,
               (unsigned long long)esr, (unsigned long long)stack_pointer);
    tell_vm(cpu);
    for (unsigned first = 0; first <= 30; first += 3) {
        panic_line("%s", register_line(line, x, first));
    }
    panic_end();
}
