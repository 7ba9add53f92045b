/* SPDX-License-Identifier: Apache-2.0 */

/* Every form of load and store that no syndrome describes, at devices, holes and others' memory. */

#include "attacker.h"
#include "random.h"
#include "trap.h"

#define ROUNDS 3000u

#define FORM(instruction)                                                                          \
    do {                                                                                           \
        register uint64_t x0 __asm__("x0") = address;                                              \
        register uint64_t x1 __asm__("x1") = value;                                                \
        __asm__ volatile(instruction                                                               \
                         : "+r"(x0), "+r"(x1)                                                      \
                         :                                                                         \
                         : "x2", "x3", "x4", "x5", "v0", "v1", "v2", "v3", "memory", "cc");        \
        forms++;                                                                                   \
    } while (0)

static uint64_t random_state = 5;
static uint64_t forms;

static void pairs(uint64_t address, uint64_t value)
{
    FORM("ldp x2, x3, [x0]");
    FORM("ldp w2, w3, [x0]");
    FORM("ldpsw x2, x3, [x0]");
    FORM("ldnp x2, x3, [x0]");
    FORM("stp x1, x1, [x0]");
    FORM("stp w1, w1, [x0]");
    FORM("stnp x1, x1, [x0]");
    FORM("ldp x2, x3, [x0], #16");
    FORM("stp x1, x1, [x0, #-16]!");
    FORM("ldr x2, [x0], #8");
    FORM("str x1, [x0, #8]!");
    FORM("ldrsb w2, [x0, #1]!");
}

static void vectors(uint64_t address, uint64_t value)
{
    FORM("ldr q0, [x0]");
    FORM("str q0, [x0]");
    FORM("ldr b0, [x0]");
    FORM("ldp q0, q1, [x0]");
    FORM("stp d0, d1, [x0]");
    FORM("ld1 {v0.16b, v1.16b, v2.16b, v3.16b}, [x0]");
    FORM("st4 {v0.4s, v1.4s, v2.4s, v3.4s}, [x0]");
    FORM("st1 {v0.b}[3], [x0]");
    FORM("ld1r {v0.8h}, [x0]");
}

/* Exclusives, and the atomics of Armv8.1, which this CPU may lack: then they are undefined. */
static void atomics(uint64_t address, uint64_t value)
{
    FORM("ldxr x2, [x0]\n\tstxr w3, x1, [x0]");
    FORM("ldaxp x2, x3, [x0]\n\tstlxp w4, x1, x1, [x0]");
    FORM("ldxrb w2, [x0]\n\tstxrb w3, w1, [x0]");
    FORM("clrex\n\tstxr w3, x1, [x0]");
    FORM(".inst 0xf8210002"); /* ldadd x1, x2, [x0] */
    FORM(".inst 0xf8e18002"); /* swpal x1, x2, [x0] */
    FORM(".inst 0xc8e1fc02"); /* casal x1, x2, [x0] */
    FORM(".inst 0x4820fc02"); /* caspal x0, x1, x2, x3, [x0] */
    FORM(".inst 0xf821301f"); /* stset x1, [x0] */
    FORM(".inst 0xf83fd002"); /* ld64b x2, [x0] */
    FORM("ldar x2, [x0]");
    FORM("stlr x1, [x0]");
    FORM("stlrb w1, [x0]");
}

static void maintenance(uint64_t address, uint64_t value)
{
    FORM("dc zva, x0");
    FORM("dc ivac, x0");
    FORM("dc cvac, x0");
    FORM("dc cvau, x0");
    FORM("dc civac, x0");
    FORM("ic ivau, x0");
    FORM("dc isw, x1");
    FORM("dc cisw, x1");
    FORM("at s1e1r, x0");
    FORM("at s1e0w, x0");
    FORM("prfm pstl1keep, [x0]");
    FORM("prfm plil3strm, [x0]");
    FORM("tlbi vaae1is, x0\n\tdsb ish");
    FORM("ldtr x2, [x0]");
    FORM("sttr x1, [x0]");
    FORM("ldur x2, [x0, #-3]");
    FORM("stur x1, [x0, #3]");
}

static void rounds(void *arg)
{
    (void)arg;
    for (unsigned i = 0; i < ROUNDS; i++) {
        const uint64_t value = random_next(&random_state);

        pairs(target_any(&random_state), value);
        vectors(target_any(&random_state), value);
        atomics(target_any(&random_state), value);
        maintenance(target_any(&random_state), value);
        take_turns(i);
    }
}

/* By guest-physical addresses, then again with translation on, where memory is cacheable. */
uint64_t attack_forms(void)
{
    forms = 0;
    bare(rounds, NULL);
    rounds(NULL);
    return forms;
}
