/* SPDX-License-Identifier: Apache-2.0 */
#include "mmu.h"

#include <stdbool.h>

#include "bulkhead/vm.h"
#include "image.h"
#include "machine.h"
#include "stack.h"

/* Descriptors of level 1 to 3 tables, DDI 0487 D8.3. */
#define VALID 1u
#define TABLE_OR_PAGE 2u
#define ADDRESS_MASK UINT64_C(0x0000fffffffff000)

#define NEVER_EXECUTE (UINT64_C(3) << 53)
#define UNPRIVILEGED_NEVER_EXECUTE (UINT64_C(1) << 54)
#define READ_ONLY (UINT64_C(1) << 7)
#define NORMAL UINT64_C(0x704) /* AF, inner shareable, attribute 1 */
#define DEVICE UINT64_C(0x400) /* AF, attribute 0 */

#define CODE_ATTRIBUTES (NORMAL | READ_ONLY | UNPRIVILEGED_NEVER_EXECUTE)
#define CONSTANT_ATTRIBUTES (NORMAL | READ_ONLY | NEVER_EXECUTE)
#define DATA_ATTRIBUTES (NORMAL | NEVER_EXECUTE)
#define DEVICE_ATTRIBUTES (DEVICE | NEVER_EXECUTE)
#define NO_ACCESS UINT64_C(0)

#define ENTRIES 512
#define LEVEL_SHIFT(level) (39u - 9u * (level))
#define LEVEL1_T0SZ 25u /* with a smaller T0SZ walks start at level 0 */
#define TABLE_COUNT (6 + 4 * CHANNEL_MAX)

uint64_t mmu_root[ENTRIES] __attribute__((aligned(4096)));
static uint64_t tables[TABLE_COUNT][ENTRIES] __attribute__((aligned(4096)));
static unsigned tables_used;

/* The table behind an entry; a block is split into entries of the same attributes first. */
static uint64_t *table_behind(uint64_t *entry, unsigned level)
{
    if ((*entry & VALID) && (*entry & TABLE_OR_PAGE)) {
        return (uint64_t *)(uintptr_t)(*entry & ADDRESS_MASK);
    }
    if (tables_used == TABLE_COUNT) {
        vm_crash();
    }
    uint64_t *table = tables[tables_used++];
    const uint64_t type = level + 1 == 3 ? TABLE_OR_PAGE : 0;
    for (unsigned i = 0; i < ENTRIES && (*entry & VALID); i++) {
        table[i] = (*entry | type) + ((uint64_t)i << LEVEL_SHIFT(level + 1));
    }
    *entry = (uint64_t)(uintptr_t)table | TABLE_OR_PAGE | VALID;
    return table;
}

/* Maps [start, end), which lies inside what `table` covers, by the largest blocks that fit. */
static void map(uint64_t *table, unsigned level, uint64_t start, uint64_t end, uint64_t attributes)
{
    const uint64_t step = UINT64_C(1) << LEVEL_SHIFT(level);
    const uint64_t type = level == 3 ? VALID | TABLE_OR_PAGE : VALID;

    while (start < end) {
        const uint64_t next = (start & ~(step - 1)) + step;
        uint64_t *entry = &table[(start >> LEVEL_SHIFT(level)) % ENTRIES];

        if (level > 0 && next - start == step && next <= end) {
            *entry = attributes == NO_ACCESS ? 0 : start | attributes | type;
        } else {
            map(table_behind(entry, level), level + 1, start, next < end ? next : end, attributes);
        }
        start = next;
    }
}

static void map_all(uint64_t start, uint64_t end, uint64_t attributes)
{
    if (end > UINT64_C(1) << (64 - mmu_t0sz)) {
        vm_crash();
    }
    map(mmu_root, mmu_t0sz == LEVEL1_T0SZ ? 1 : 0, start, end, attributes);
}

static void map_symbols(const char *start, const char *end, uint64_t attributes)
{
    map_all((uintptr_t)start, (uintptr_t)end, attributes);
}

void mmu_init(void)
{
    const uint64_t whole = UINT64_C(1) << LEVEL_SHIFT(0);
    const uint64_t around_ram = (uintptr_t)__ram_start & -whole;

    map_all(0, whole, DEVICE_ATTRIBUTES);
    if (around_ram != 0) { /* doorbells are near channels, which are near RAM */
        map_all(around_ram, around_ram + whole, DEVICE_ATTRIBUTES);
    }
    map_symbols(__ram_start, __text_end, CODE_ATTRIBUTES);
    map_symbols(__text_end, __rodata_end, CONSTANT_ATTRIBUTES);
    map_symbols(__rodata_end, __ram_end, DATA_ATTRIBUTES);
    for (unsigned cpu = 0; cpu < CPU_MAX; cpu++) {
        const char *base = __stacks_start + cpu * STACK_STRIDE;
        map_symbols(base, base + STACK_GUARD, NO_ACCESS);
        map_symbols(base + STACK_TOP, base + STACK_EXCEPTION_BASE, NO_ACCESS);
    }
    /* Read-only windows too are mapped for writing: who may write is the hypervisor's business,
     * and its answer to a write is what the program should see. */
    for (unsigned i = 0; i < machine.channel_count; i++) {
        const struct machine_channel *channel = &machine.channels[i];
        map_all(channel->window_base, channel->window_base + channel->window_size, DATA_ATTRIBUTES);
    }
    mmu_switch((uintptr_t)mmu_root);
}
