/* SPDX-License-Identifier: Apache-2.0 */

/* Accesses that begin in the attacker's own memory and end beyond it, or in a window and end in a
 * doorbell, a read-only window or a hole: unaligned, pairs, vectors, zeroing; and CPUs that are to
 * start there. */

#include <bulkhead/sysreg.h>
#include <bulkhead/vm.h>

#include "../../psci.h"
#include "attacker.h"
#include "random.h"
#include "trap.h"

#define RAM UINT64_C(0x100000000)
#define RAM_SIZE UINT64_C(0x1000000)
#define PAGES_BEYOND 9u /* windows and doorbells, and what is behind them */
#define PAGE UINT64_C(0x1000)
#define REACH 17u /* bytes before a page's end from which an access may cross it */

/* The GiB of the RAM once more, at an unused address: DDI 0487 D8.3, write-back, never executed. */
#define GIB (UINT64_C(1) << 30)
#define ALIAS_GIB 5u
#define ALIAS (ALIAS_GIB * GIB)
#define MEMORY_BLOCK (UINT64_C(3) << 53 | 0x705)

static uint64_t root[512] __attribute__((aligned(4096)));
static uint64_t made;

#define CROSS(instruction)                                                                         \
    do {                                                                                           \
        register uint64_t x0 __asm__("x0") = address;                                              \
        register uint64_t x1 __asm__("x1") = value;                                                \
        __asm__ volatile(instruction                                                               \
                         : "+r"(x0), "+r"(x1)                                                      \
                         :                                                                         \
                         : "x2", "x3", "x4", "v0", "v1", "memory");                                \
        made++;                                                                                    \
    } while (0)

static void cross(uint64_t address, uint64_t value)
{
    CROSS("ldrh w2, [x0]");
    CROSS("strh w1, [x0]");
    CROSS("ldr w2, [x0]");
    CROSS("ldrsw x2, [x0]");
    CROSS("str w1, [x0]");
    CROSS("ldr x2, [x0]");
    CROSS("str x1, [x0]");
    CROSS("str x1, [x0], #1");
    CROSS("sttr x1, [x0]");
    CROSS("ldp x2, x3, [x0]");
    CROSS("stp x1, x1, [x0]");
    CROSS("ldr q0, [x0]");
    CROSS("str q0, [x0]");
    CROSS("stp q0, q0, [x0]");
    CROSS("st1 {v0.16b, v1.16b}, [x0]");
    CROSS("ldxr x2, [x0]\n\tstxr w3, x1, [x0]");
    CROSS("ldaxp x2, x3, [x0]\n\tstlxp w4, x1, x1, [x0]");
    CROSS("dc zva, x0");
    CROSS("dc civac, x0");
}

/* An access that begins in the last page of RAM may leave something there: nothing is. */
static void cross_all(void)
{
    uint64_t random = 11;

    for (uint64_t page = 0; page <= PAGES_BEYOND; page++) {
        const uint64_t end = ALIAS + RAM_SIZE + page * PAGE;
        for (uint64_t back = 0; back < REACH; back++) {
            if (page != 0 || back != 0) {
                cross(end - back, random_next(&random));
            }
        }
        take_turns(0);
    }
}

/* None of them is memory that instructions come from. */
static void starts_beyond(void)
{
    for (uint64_t page = 0; page < PAGES_BEYOND; page++) {
        (void)vm_hvc(PSCI_CPU_ON, 1, RAM + RAM_SIZE + page * PAGE, page);
        (void)vm_smc(PSCI_CPU_ON, 1, RAM + RAM_SIZE + page * PAGE + 2, page);
        made += 2;
    }
    (void)vm_hvc(PSCI_CPU_ON, 1, RAM - 4, 0);
    (void)vm_hvc(PSCI_CPU_ON, 1, UINT64_MAX - 3, 0);
    made += 2;
}

uint64_t attack_edges(void)
{
    const uint64_t ttbr0 = SYSREG_READ(ttbr0_el1);
    const uint64_t *runtime = (const uint64_t *)(uintptr_t)ttbr0;

    made = 0;
    for (unsigned i = 0; i < 512; i++) {
        root[i] = runtime[i];
    }
    root[ALIAS_GIB] = RAM | MEMORY_BLOCK;
    DSB(ish);
    SYSREG_WRITE(ttbr0_el1, root);
    ISB();
    __asm__ volatile("tlbi vmalle1\n\tdsb ish\n\tisb" ::: "memory");
    cross_all();
    SYSREG_WRITE(ttbr0_el1, ttbr0);
    ISB();
    __asm__ volatile("tlbi vmalle1\n\tdsb ish\n\tisb" ::: "memory");
    starts_beyond();
    return made;
}
