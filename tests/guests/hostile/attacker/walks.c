/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Instruction fetches from everywhere, and page-table walks through everything.  TTBR0_EL1 keeps
 * the attacker alive; the upper half, by TTBR1_EL1, is for tables at devices, holes and others'
 * memory, for entries of any kind, and for tables that map and change themselves.
 */

#include <bulkhead/sysreg.h>

#include "attacker.h"
#include "random.h"
#include "trap.h"

#define FETCHES 30000u
#define ROOTS 3000u
#define TABLE_ROUNDS 400u
#define WALKS_A_ROUND 40u
#define ENTRIES 512u

#define UPPER_HALF UINT64_C(0xffffff8000000000) /* T1SZ 25 */
#define TCR_EPD1 (UINT64_C(1) << 23)
/* T1SZ 25, 4 KiB granule, inner shareable, write-back */
#define TCR_UPPER (UINT64_C(25) << 16 | UINT64_C(2) << 30 | UINT64_C(3) << 28 | UINT64_C(5) << 24)
#define TCR_UPPER_MASK (UINT64_C(0xffff) << 16)
#define TCR_UPPER_UNCACHED (UINT64_C(25) << 16 | UINT64_C(2) << 30)
#define ADDRESS_MASK UINT64_C(0x0000fffffffff000)
#define VALID UINT64_C(1)
#define TABLE UINT64_C(2)
#define PAGE_ATTRIBUTES UINT64_C(0x703)
#define EXECUTE_NEVER (UINT64_C(3) << 53)

static uint64_t tables[4][ENTRIES] __attribute__((aligned(4096)));
static uint64_t random_state = 6;
static uint64_t made;

static void go_to(uint64_t address)
{
    uint64_t registers[30];

    fill_with_pointers(&random_state, registers, 30);
    (void)attempt(address, registers);
    made++;
    take_turns(made);
}

static void fetches(void *arg)
{
    (void)arg;
    for (unsigned i = 0; i < FETCHES; i++) {
        uint64_t address = target_any(&random_state);
        if (address - (uintptr_t)scratch < SCRATCH_SIZE) {
            continue; /* its own memory */
        }
        go_to(i % 8 == 0 ? address : address & ~UINT64_C(3));
    }
}

/* By guest-physical addresses, then with translation on. */
uint64_t attack_fetches(void)
{
    made = 0;
    bare(fetches, NULL);
    fetches(NULL);
    return made;
}

static void use_root(uint64_t root, uint64_t control)
{
    SYSREG_WRITE(ttbr1_el1, root);
    SYSREG_WRITE(tcr_el1, (SYSREG_READ(tcr_el1) & ~(TCR_UPPER_MASK)) | control);
    ISB();
    __asm__ volatile("tlbi vmalle1\n\tdsb ish\n\tisb" ::: "memory");
}

/* Reads, writes, fetches, translates and maintains an address of the upper half. */
static void touch(uint64_t address)
{
    uint64_t registers[30];

    fill_with_pointers(&random_state, registers, 30);
    registers[0] = address;
    (void)attempt((uintptr_t)stub_load, registers);
    registers[0] = address;
    (void)attempt((uintptr_t)stub_store, registers);
    (void)attempt(address & ~UINT64_C(3), registers);
    __asm__ volatile("at s1e1r, %0\n\tdc civac, %0\n\tat s1e1w, %0" ::"r"(address) : "memory");
    made += 6;
    take_turns(made / 6);
}

/* Not in the GiB of the attacker's RAM, which a block entry would give away whole. */
static uint64_t foreign_address(void)
{
    for (;;) {
        const uint64_t address = target_any(&random_state) & ADDRESS_MASK;
        if (address >> 30 != (uintptr_t)tables >> 30) {
            return address;
        }
    }
}

static uint64_t upper_address(void)
{
    return UPPER_HALF | random_next(&random_state) >> 25;
}

static void roots_anywhere(void)
{
    for (unsigned i = 0; i < ROOTS; i++) {
        use_root(foreign_address(), i % 2 == 0 ? TCR_UPPER : TCR_UPPER_UNCACHED);
        touch(upper_address());
    }
}

/* Any bits around an address that is not the attacker's; sometimes a table of its own, which is no
 * page that may be accessed (its access flag is clear). */
static uint64_t entry_anywhere(void)
{
    if (random_below(&random_state, 3) == 0) {
        return (uintptr_t)tables[random_below(&random_state, 4)] | VALID | TABLE;
    }
    return foreign_address() | (random_next(&random_state) & ~ADDRESS_MASK) | VALID;
}

static void tables_of_anything(void)
{
    for (unsigned round = 0; round < TABLE_ROUNDS; round++) {
        for (unsigned i = 0; i < 4u * ENTRIES; i++) {
            tables[i / ENTRIES][i % ENTRIES] = entry_anywhere();
            take_turns(i);
        }
        DSB(ish);
        use_root((uintptr_t)tables[0], TCR_UPPER);
        for (unsigned i = 0; i < WALKS_A_ROUND; i++) {
            touch(upper_address());
        }
    }
}

/* A table that maps itself as memory, and is changed through that mapping while in use. */
static void tables_that_change_themselves(void)
{
    volatile uint64_t *window = (volatile uint64_t *)UPPER_HALF;
    volatile uint64_t *page = (volatile uint64_t *)(UPPER_HALF | 0x1000);

    for (unsigned i = 0; i < ENTRIES; i++) {
        tables[0][i] = (uintptr_t)tables[1] | VALID | TABLE;
        tables[1][i] = (uintptr_t)tables[2] | VALID | TABLE;
        tables[2][i] = 0;
    }
    tables[2][0] = (uintptr_t)tables[2] | PAGE_ATTRIBUTES | EXECUTE_NEVER;
    DSB(ish);
    use_root((uintptr_t)tables[0], TCR_UPPER);
    for (unsigned i = 0; i < TABLE_ROUNDS * WALKS_A_ROUND; i++) {
        window[1] = foreign_address() | PAGE_ATTRIBUTES | EXECUTE_NEVER;
        __asm__ volatile("dsb ish\n\ttlbi vaae1is, %0\n\tdsb ish\n\tisb" ::"r"(
                             ((uintptr_t)page & ADDRESS_MASK) >> 12)
                         : "memory");
        (void)*page; /* faults are skipped */
        *page = i;
        made += 3;
        take_turns(i);
    }
}

uint64_t attack_walks(void)
{
    made = 0;
    roots_anywhere();
    tables_of_anything();
    tables_that_change_themselves();
    SYSREG_WRITE(tcr_el1, SYSREG_READ(tcr_el1) | TCR_EPD1);
    ISB();
    __asm__ volatile("tlbi vmalle1\n\tdsb ish\n\tisb" ::: "memory");
    return made;
}
