/* SPDX-License-Identifier: Apache-2.0 */

/*
 * SMCCC (DEN 0028) 2.5: every owner, fast and yielding, 32 and 64 bits wide, by HVC and SMC: all
 * of the first 256 functions and 64 others of each; then any number at all.  Left out is what
 * ends or pauses the caller, as it should: CPU_OFF, SYSTEM_OFF, SYSTEM_RESET, SYSTEM_RESET2,
 * CPU_SUSPEND, and CPU_ON, which has an attack of its own.
 */

#include <stdbool.h>

#include "../../psci.h"
#include "attacker.h"
#include "random.h"
#include "trap.h"

#define OWNER_COUNT 64u
#define LOW_COUNT 256u
#define SAMPLE_COUNT 64u
#define ANY_COUNT 20000u
#define CALL_WIDE (UINT32_C(1) << 30)

static uint64_t random_state = 2;
static uint64_t calls;

static bool ends_the_caller(uint32_t function)
{
    switch (function | CALL_WIDE) {
    case PSCI_CPU_ON:
    case PSCI_CPU_SUSPEND:
    case PSCI_CPU_OFF | CALL_WIDE:
    case PSCI_SYSTEM_OFF | CALL_WIDE:
    case PSCI_SYSTEM_RESET | CALL_WIDE:
    case PSCI_SYSTEM_RESET2:
        return true;
    default:
        return false;
    }
}

static void call(uint64_t function)
{
    uint64_t registers[30];

    if (ends_the_caller((uint32_t)function)) {
        return;
    }
    for (unsigned i = 1; i < 30; i++) {
        registers[i] = random_below(&random_state, 4) == 0 ? random_below(&random_state, 8)
                                                           : target_any(&random_state);
    }
    registers[0] = function;
    (void)attempt((uintptr_t)stub_hvc, registers);
    registers[0] = function;
    (void)attempt((uintptr_t)stub_smc, registers);
    calls += 2;
    take_turns(calls / 2);
}

static void calls_of_owner(uint32_t base)
{
    for (uint32_t number = 0; number < LOW_COUNT; number++) {
        call(base | number);
    }
    for (uint32_t i = 0; i < SAMPLE_COUNT; i++) {
        call(base | (uint32_t)(random_next(&random_state) & 0xffff));
    }
}

/* Immediates other than 0, which are nobody's. */
static void other_immediates(void)
{
    __asm__ volatile("hvc #1\n\thvc #0xffff\n\tsmc #1\n\tsmc #0xffff\n\thvc #0x4a48" ::
                         : "x0", "x1", "x2", "x3", "memory");
    calls += 5;
}

uint64_t attack_calls(void)
{
    calls = 0;
    for (uint32_t owner = 0; owner < OWNER_COUNT; owner++) {
        for (uint32_t kind = 0; kind < 4; kind++) { /* bit 31: fast, bit 30: 64 bits */
            calls_of_owner(kind << 30 | owner << 24);
        }
    }
    for (uint32_t i = 0; i < ANY_COUNT; i++) {
        call(random_next(&random_state) >> (i % 2 == 0 ? 32 : 0));
    }
    other_immediates();
    return calls;
}
