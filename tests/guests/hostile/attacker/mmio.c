/* SPDX-License-Identifier: Apache-2.0 */

/* Loads and stores that a syndrome describes, of all widths, anywhere, aligned or not. */

#include <stdatomic.h>

#include "attacker.h"
#include "random.h"
#include "trap.h"

#define LOAD(instruction)                                                                          \
    __asm__ volatile(instruction "\n" ::"r"(address) : "x9", "memory");                            \
    break
#define STORE(instruction)                                                                         \
    __asm__ volatile(instruction "\n" ::"r"(address), "r"(value) : "memory");                      \
    break

static void access(uint64_t kind, uint64_t address, uint64_t value)
{
    switch (kind) {
    case 0:
        LOAD("ldrb w9, [%0]");
    case 1:
        LOAD("ldrsb x9, [%0]");
    case 2:
        LOAD("ldrh w9, [%0]");
    case 3:
        LOAD("ldrsh w9, [%0]");
    case 4:
        LOAD("ldr w9, [%0]");
    case 5:
        LOAD("ldrsw x9, [%0]");
    case 6:
        LOAD("ldr x9, [%0]");
    case 7:
        LOAD("ldr xzr, [%0]");
    case 8:
        STORE("strb %w1, [%0]");
    case 9:
        STORE("strh %w1, [%0]");
    case 10:
        STORE("str %w1, [%0]");
    case 11:
        STORE("str %1, [%0]");
    case 12:
        LOAD("str wzr, [%0]");
    case 13:
        LOAD("ldtr x9, [%0]");
    case 14:
        STORE("stlr %w1, [%0]");
    default:
        LOAD("ldar w9, [%0]");
    }
}

static void accesses(void *arg)
{
    const uint64_t cpu = (uintptr_t)arg;
    uint64_t random = 1 + cpu;

    for (uint64_t i = cpu; i < accesses_wanted; i += 2) {
        const uint64_t address = target_any(&random);
        access(random_below(&random, 16), address,
               random_below(&random, 2) == 0 ? random_next(&random) : target_any(&random));
        take_turns(i / 2);
    }
}

uint64_t attack_mmio(void)
{
    on_both(accesses);
    return accesses_wanted;
}
