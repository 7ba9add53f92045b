/* SPDX-License-Identifier: Apache-2.0 */
#include "arch/aarch64/aarch64.h"

#include <string.h>

#include "arch/aarch64/sysreg.h"
#include "arch/arch.h"
#include "gen/rows.h"
#include "platform/format.h"
#include "platform/log.h"
#include "platform/panic.h"
#include <tables.h>

/* D17.2.37, table of exception classes; those that reach EL2 from EL1, EL0 or EL2 itself: words
 * behind the classes that they tell of, each a byte of octal 200 + class.  The last are for all
 * others. */
#define CLASS 0200u
static const char class_words[] = "\200undefined instruction\0"
                                  "\201WFI or WFE\0"
                                  "\203\204\205\206\210\214AArch32 coprocessor access\0"
                                  "\207floating point, SIMD or SVE access\0"
                                  "\211pointer authentication\0"
                                  "\212LD64B or ST64B\0"
                                  "\215branch target\0"
                                  "\216illegal execution state\0"
                                  "\221\222\223AArch32 SVC, HVC or SMC\0"
                                  "\225SVC\0"
                                  "\226HVC\0"
                                  "\227SMC\0"
                                  "\230system register access\0"
                                  "\231SVE access\0"
                                  "\232ERET\0"
                                  "\235SME access\0"
                                  "\240instruction abort of the guest\0"
                                  "\241instruction abort\0"
                                  "\242misaligned program counter\0"
                                  "\244data abort of the guest\0"
                                  "\245data abort\0"
                                  "\246misaligned stack pointer\0"
                                  "\257SError\0"
                                  "unclassified exception";

const char *aarch64_ec_words(uint32_t ec)
{
    const char *at = class_words;

    for (;; at += strlen(at) + 1) {
        bool found = ((uint8_t)*at & CLASS) == 0;

        for (; ((uint8_t)*at & CLASS) != 0; at++) {
            found = found || (uint8_t)*at == (CLASS | ec);
        }
        if (found) {
            return at;
        }
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

/* Own CPU, if it joined; else PCPU_COUNT: before that this may be another level than EL2, where
 * TPIDR_EL2 is undefined. */
static uint32_t own_joined(const _Atomic bool joined[])
{
    if (!any_joined(joined)) {
        return PCPU_COUNT;
    }
    uint32_t own = (uint32_t)AARCH64_READ(tpidr_el2);

    return own < PCPU_COUNT && joined[own] ? own : PCPU_COUNT;
}

uint32_t panic_interrupt(const _Atomic bool joined[])
{
    uint32_t own = own_joined(joined);
    uint32_t count = 0;

    if (own == PCPU_COUNT) {
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

/* Whose guest the CPU runs, or ran last. */
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

/* Until a guest first runs VTTBR_EL2 is 0. */
void panic_vm(const _Atomic bool joined[])
{
    uint32_t own = own_joined(joined);

    if (own != PCPU_COUNT && AARCH64_READ(vttbr_el2) != 0) {
        tell_vm(own);
    }
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
