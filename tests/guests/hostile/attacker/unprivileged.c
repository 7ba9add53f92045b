/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Random instructions at EL0, in AArch64, A32 and T32: forms of access, coprocessor registers and
 * conditions that no code of EL1 has.  EL0 may do everything by EL1's tables and control bits, and
 * its virtual addresses are guest-physical ones, so that all it does is the hypervisor's business;
 * but for the attacker's own memory and the page of its progress, which stay EL1's.
 */

#include <bulkhead/sysreg.h>

#include "attacker.h"
#include "random.h"
#include "trap.h"

#define TRIALS 30000u /* of each kind */
#define TIMER 27u
#define PATIENCE_TICKS 125u /* until an endless loop ends */

#define ENTRIES 512u
#define GIB (UINT64_C(1) << 30)
#define BLOCK_SIZE (UINT64_C(1) << 21)
#define CODE_VA UINT64_C(0xffe00000) /* the last block of AArch32's addresses */
#define CODE_WORDS 1024u

/* DDI 0487 D8.3: valid, AF, PXN; AttrIndx 0 is the runtime's device memory, 1 its write-back. */
#define OWN_GIB 4u
#define PROGRESS_GIB 12u /* tests/guests/hostile/deployment.toml: the window of "attacks" */
#define DEVICE_BLOCK (UINT64_C(1) << 53 | 0x441)
#define CODE_PAGE (UINT64_C(1) << 53 | 0x7c7) /* read-only for both */
#define TABLE UINT64_C(3)

/* UMA, UCT, DZE, UCI, nTWI, nTWE, CP15BEN: EL0 may mask, maintain caches, zero, sleep. */
#define SCTLR_EL0_MAY UINT64_C(0x0405c220)
#define SCTLR_E0E (UINT64_C(1) << 24) /* big endian: of AArch64; AArch32 has it in its PSTATE */
#define PSTATE_E (UINT64_C(1) << 9)
#define PSTATE_FLAGS UINT64_C(0xf0000000)

enum kind { A64, A32, T32, KIND_COUNT };
static const uint64_t pstate[KIND_COUNT] = { [A64] = 0x0, [A32] = 0x10, [T32] = 0x30 };
static const uint32_t svc[KIND_COUNT] = {
    [A64] = 0xd4000001, [A32] = 0xef000000, [T32] = 0xdf00df00
};

static uint64_t root[ENTRIES] __attribute__((aligned(4096)));
static uint64_t last_gib[ENTRIES] __attribute__((aligned(4096)));
static uint64_t pages[ENTRIES] __attribute__((aligned(4096)));
static uint32_t code[KIND_COUNT][CODE_WORDS] __attribute__((aligned(4096)));
static uint64_t random_state = 12;

static void fill_tables(void)
{
    const uint64_t *runtime = (const uint64_t *)(uintptr_t)SYSREG_READ(ttbr0_el1);

    for (uint64_t i = 0; i < ENTRIES; i++) {
        root[i] = i == OWN_GIB || i == PROGRESS_GIB ? runtime[i] : i * GIB | DEVICE_BLOCK;
        last_gib[i] = (3 * GIB + i * BLOCK_SIZE) | DEVICE_BLOCK;
    }
    root[3] = (uintptr_t)last_gib | TABLE;
    last_gib[ENTRIES - 1] = (uintptr_t)pages | TABLE;
    for (unsigned kind = 0; kind < KIND_COUNT; kind++) {
        pages[kind] = (uintptr_t)code[kind] | CODE_PAGE;
        for (unsigned i = 0; i < CODE_WORDS; i++) {
            code[kind][i] = svc[kind];
        }
        for (unsigned i = 0; i < CODE_WORDS; i += 16) {
            publish(&code[kind][i]);
        }
    }
    DSB(ish);
}

static void use_tables(uint64_t ttbr0)
{
    SYSREG_WRITE(ttbr0_el1, ttbr0);
    ISB();
    __asm__ volatile("tlbi vmalle1\n\tdsb ish\n\tisb" ::: "memory");
}

/* Loads and stores by x0, system instructions and registers, or anything. */
static uint32_t a64(uint32_t any)
{
    switch (random_below(&random_state, 4)) {
    case 0:
        return 0xd5000000 | (any & 0x003fffff);
    case 1:
        return any;
    default:
        return (any & ~0x020003e0u) | 0x08000000;
    }
}

/* Single, multiple and other transfers by r0, coprocessors 14 and 15, hints, or anything; half of
 * them on a condition that may fail. */
static uint32_t a32(uint32_t any)
{
    const uint32_t condition = any >> 31 ? 0xe0000000u : any & 0xf0000000u;
    const uint32_t by_r0 = any & 0x0ff0ffff;

    switch (random_below(&random_state, 7)) {
    case 0:
        return condition | (by_r0 & 0x01f0f0ff) | 0x04000000;
    case 1:
        return condition | (by_r0 & 0x01f0ffff) | 0x08000000;
    case 2:
        return condition | (by_r0 & 0x01f0f06f) | 0x00000090;
    case 3:
        return condition | (any & 0x00fff0ff) | 0x0e000e10 | (any & 0x100);
    case 4:
        return condition | (any & 0x01ff00ff) | 0x0c000e00 | (any & 0x100) | (any & 0xf000);
    case 5:
        return condition | 0x0320f000 | (any & 0xff);
    default:
        return any;
    }
}

/* Two of 16 bits, the first often IT; or one of 32 bits: transfers by r0, coprocessors, anything.
 */
static uint32_t t32(uint32_t any)
{
    switch (random_below(&random_state, 6)) {
    case 0:
        return any;
    case 1: /* IT; ldr, str and the like of 16 bits by r0 */
        return 0xbf08 | (any & 0xf0) | (0x6000 | (any >> 16 & 0x1fc7)) << 16;
    case 2:
        return (0x6000 | (any & 0x1fc7)) | (0x6000 | (any >> 16 & 0x1fc7)) << 16;
    case 3:
        return (0xf800 | (any & 0x1f0)) | (any & 0xffff0000);
    case 4:
        return (0xe800 | (any & 0x1f0)) | (any & 0xffff0000);
    default:
        return (0xee00 | (any & 0x1ff)) | ((any >> 16 & 0xf0ff) | 0x0e10 | (any >> 16 & 0x100))
                                              << 16;
    }
}

static void trial(enum kind kind)
{
    uint64_t registers[30];
    const uint32_t any = (uint32_t)random_next(&random_state);
    const uint64_t other = random_next(&random_state);

    fill_with_pointers(&random_state, registers, 30);
    if (kind != A64) {
        registers[0] &= UINT32_MAX;
    }
    code[kind][0] = kind == A64 ? a64(any) : kind == A32 ? a32(any) : t32(any);
    publish(code[kind]);
    SYSREG_WRITE(elr_el1, CODE_VA + kind * sizeof(code[0]));
    SYSREG_WRITE(spsr_el1, pstate[kind] | (other & (PSTATE_FLAGS | (kind == A64 ? 0 : PSTATE_E))));
    SYSREG_WRITE(sctlr_el1, (SYSREG_READ(sctlr_el1) & ~SCTLR_E0E) | (other & SCTLR_E0E));
    SYSREG_WRITE(cntv_tval_el0, PATIENCE_TICKS);
    SYSREG_WRITE(cntv_ctl_el0, 1);
    (void)attempt((uintptr_t)stub_eret, registers);
    SYSREG_WRITE(cntv_ctl_el0, 2);
}

uint64_t attack_unprivileged(void)
{
    const uint64_t ttbr0 = SYSREG_READ(ttbr0_el1);
    const uint64_t sctlr = SYSREG_READ(sctlr_el1);
    const uint64_t cntkctl = SYSREG_READ(cntkctl_el1);

    gic_on();
    gic_open(TIMER);
    fill_tables();
    use_tables((uintptr_t)root);
    SYSREG_WRITE(cntkctl_el1, 0); /* the timer that ends loops is not EL0's */
    SYSREG_WRITE(sctlr_el1, sctlr | SCTLR_EL0_MAY);
    ISB();
    for (unsigned i = 0; i < TRIALS; i++) {
        for (enum kind kind = A64; kind < KIND_COUNT; kind++) {
            trial(kind);
        }
        take_turns(i);
    }
    SYSREG_WRITE(sctlr_el1, sctlr);
    SYSREG_WRITE(cntkctl_el1, cntkctl);
    use_tables(ttbr0);
    gic_on();
    return (uint64_t)TRIALS * KIND_COUNT;
}
