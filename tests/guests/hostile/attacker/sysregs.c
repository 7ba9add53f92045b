/* SPDX-License-Identifier: Apache-2.0 */

/*
 * MRS and MSR of every encoding with op0 2 and 3, SYS and SYSL of every encoding (op0 1), and every
 * instruction with op0 0 (hints, barriers, PSTATE fields): made at run time, executed, and what a
 * write changed of the attacker's own world put back by the very next instruction.
 *
 * Left out, because they harm nobody but the attacker:
 *   WFI, WFE, WFIT, WFET        sleep (the storms do)
 *   SCTLR_EL1                   written with its MMU, endianness and alignment bits as they are:
 * the next instruction would not be found MSR SPSel, #imm             another stack (MSR SPSel, Xt
 * is done, and put back)
 */

#include <bulkhead/sysreg.h>
#include <stdbool.h>

#include "attacker.h"
#include "random.h"
#include "trap.h"

#define MSR UINT32_C(0xd5000000) /* | L << 21 | op0 << 19 | op1 … op2 << 5 | Rt */
#define READ (UINT32_C(1) << 21)
#define RET UINT32_C(0xd65f03c0)
#define ENCODINGS (UINT32_C(1) << 14) /* op1, CRn, CRm, op2 */
#define ENCODING(op1, crn, crm, op2)                                                               \
    ((uint32_t)(op1) << 11 | (uint32_t)(crn) << 7 | (uint32_t)(crm) << 3 | (uint32_t)(op2))
#define SCTLR ENCODING(0, 1, 0, 0)
/* M, A, SA, WXN, EE, E0E, and IESB, LSMAOE, nTLSMD, which a CPU without them ignores */
#define SCTLR_KEPT UINT64_C(0x300008100b)
#define RT_X0 0u
#define RT_X1 1u
#define RT_NONE 31u

static uint32_t code[4] __attribute__((aligned(64)));
static uint64_t random_state = 3;
static uint64_t instructions;

/* x0: the value written, x1: what was there. */
static bool run(uint64_t *x0, uint64_t x1)
{
    const uint64_t faults = trap_own()->faults;
    register uint64_t r0 __asm__("x0") = *x0;
    register uint64_t r1 __asm__("x1") = x1;

    __asm__ volatile("blr %2" : "+r"(r0), "+r"(r1) : "r"(code) : "x30", "memory", "cc");
    *x0 = r0;
    instructions++;
    return trap_own()->faults == faults;
}

static uint64_t value_for(uint32_t op0, unsigned round)
{
    static const uint64_t values[] = { 0, UINT64_MAX };

    if (op0 == 1) { /* an address, for maintenance and translation: anything but own memory */
        return round == 0 ? (uintptr_t)scratch : target_any(&random_state);
    }
    return round < 2 ? values[round] : random_next(&random_state);
}

/* MRS, then MSR of three values, the old one restored at once where there is one. */
static void register_round(uint32_t op0, uint32_t encoding)
{
    const uint32_t word = MSR | op0 << 19 | encoding << 5;
    uint64_t old = 0;

    code[0] = word | READ | RT_X0;
    code[1] = RET;
    publish(code);
    const bool readable = run(&old, 0);

    code[0] = word | RT_X0;
    code[1] = readable ? word | RT_X1 : RET;
    code[2] = RET;
    publish(code);
    for (unsigned round = 0; round < 3; round++) {
        uint64_t value = value_for(op0, round);
        if (op0 == 3 && encoding == SCTLR) {
            value = (value & ~SCTLR_KEPT) | (old & SCTLR_KEPT);
        }
        (void)run(&value, old);
    }
}

static void system_round(uint32_t encoding)
{
    const uint32_t word = MSR | 1u << 19 | encoding << 5;

    for (unsigned round = 0; round < 3; round++) {
        uint64_t value = value_for(1, round);
        code[0] = word | (round == 2 ? READ : 0) | RT_X0;
        code[1] = RET;
        publish(code);
        (void)run(&value, 0);
    }
}

/* op0 0, op1 3, CRn 2: hints, of which CRm 0, op2 2 and 3 sleep; op1 3, CRn 1, CRm 0: WFET, WFIT;
 * CRn 4 with op1 0, op2 5: SPSel. */
static bool harms_only_itself(uint32_t encoding)
{
    return encoding == ENCODING(3, 2, 0, 2) || encoding == ENCODING(3, 2, 0, 3) ||
           (encoding & ~7u) == ENCODING(3, 1, 0, 0) ||
           (encoding & ~ENCODING(0, 0, 15, 0)) == ENCODING(0, 4, 0, 5);
}

static void plain_round(uint32_t encoding)
{
    uint64_t value = 0;

    for (uint32_t rt = 0; rt < 2; rt++) {
        if (rt == 0 && harms_only_itself(encoding)) {
            continue;
        }
        code[0] = MSR | encoding << 5 | (rt == 0 ? RT_NONE : RT_X0);
        code[1] = RET;
        publish(code);
        (void)run(&value, 0);
    }
    __asm__ volatile("msr daifset, #15" ::: "memory");
}

static void sweep(void *arg)
{
    (void)arg;
    for (uint32_t encoding = 0; encoding < ENCODINGS; encoding++) {
        plain_round(encoding);
        system_round(encoding);
        register_round(2, encoding);
        register_round(3, encoding);
        take_turns(encoding);
    }
}

uint64_t attack_sysregs(void)
{
    instructions = 0;
    bare(sweep, NULL);
    __asm__ volatile("msr daifset, #15" ::: "memory");
    return instructions;
}
