/* SPDX-License-Identifier: Apache-2.0 */
#include "trap.h"

#include <bulkhead/sysreg.h>
#include <stddef.h>

#define SCTLR_MMU UINT64_C(1)
#define SCTLR_CACHES UINT64_C(0x1004) /* I, C */

struct trap traps[2] __attribute__((aligned(128)));
_Static_assert(sizeof(traps[0]) == 64, "trap.S");
_Static_assert(offsetof(struct trap, escape) == 8 && offsetof(struct trap, interrupts) == 16 &&
                   offsetof(struct trap, interrupt_limit) == 24 &&
                   offsetof(struct trap, syndrome) == 32,
               "trap.S");

void trap_install(void)
{
    __asm__ volatile("msr daifset, #15");
    SYSREG_WRITE(vbar_el1, (uintptr_t)attacker_vectors);
    ISB();
    trap_own()->interrupt_limit = UINT64_MAX;
}

struct trap *trap_own(void)
{
    return &traps[SYSREG_READ(mpidr_el1) & 1];
}

void publish(const void *code)
{
    __asm__ volatile("dc cvau, %0\n\tdsb ish\n\tic ivau, %0\n\tdsb ish\n\tisb" ::"r"(code)
                     : "memory");
}

void bare(void (*work)(void *arg), void *arg)
{
    const uint64_t sctlr = SYSREG_READ(sctlr_el1);

    SYSREG_WRITE(sctlr_el1, sctlr & ~(SCTLR_MMU | SCTLR_CACHES));
    ISB();
    work(arg);
    SYSREG_WRITE(sctlr_el1, sctlr);
    ISB();
}
