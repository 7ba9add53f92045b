/* SPDX-License-Identifier: Apache-2.0 */
#include "loader/board_check.h"

#include <libfdt.h>
#include <string.h>

#include "arch/arch.h"
#include "gen/layout.h"
#include "platform/log.h"
#include "platform/panic.h"
#include <tables.h>

#define DTB_MAX_SIZE (UINT32_C(2) << 20)
#define RANGES_MAX 16u

/* What one walk over the tree found. */
struct findings {
    struct range_row ram[RANGES_MAX];
    uint32_t ram_count;
    struct range_row reserved[RANGES_MAX];
    uint32_t reserved_count;
    bool cpu[COUNT_AT_LEAST_ONE(PCPU_COUNT)];
    bool gic;
    bool uart;
};

/* One behind the last byte; a range that ends beyond 64 bits ends there. */
static uint64_t end_of(const struct range_row *range)
{
    return range->size > UINT64_MAX - range->base ? UINT64_MAX : range->base + range->size;
}

static void add_range(struct range_row *ranges, uint32_t *count, struct range_row range)
{
    if (range.size != 0) {
        if (*count == RANGES_MAX) {
            panic("board check: firmware's device tree has more than %u memory ranges", RANGES_MAX);
        }
        ranges[(*count)++] = range;
    }
}

static uint64_t read_cells(const fdt32_t *cells, int count)
{
    uint64_t value = 0;

    for (int n = 0; n < count; n++) {
        value = (value << 32) | fdt32_ld(&cells[n]);
    }
    return value;
}

/* Range `index` of a node's reg, in the cells of its parent; false: it has no such one. */
static bool read_reg(const void *fdt, int node, int parent, uint32_t index, struct range_row *out)
{
    int size = 0;
    const fdt32_t *reg = fdt_getprop(fdt, node, "reg", &size);
    int address_cells = fdt_address_cells(fdt, parent);
    int size_cells = fdt_size_cells(fdt, parent);
    int stride = address_cells + size_cells;

    if (reg == NULL || address_cells < 1 || size_cells < 0 ||
        size < (int)sizeof(fdt32_t) * stride * ((int)index + 1)) {
        return false;
    }
    reg += (int)index * stride;
    *out = (struct range_row){ .base = read_cells(reg, address_cells),
                               .size = read_cells(reg + address_cells, size_cells) };
    return true;
}

/* Is the node's property this one string? */
static bool is_text(const void *fdt, int node, const char *name, const char *text)
{
    int size = 0;
    const char *value = fdt_getprop(fdt, node, name, &size);

    return value != NULL && size == (int)strlen(text) + 1 && strcmp(value, text) == 0;
}

/* Memory or a CPU that firmware keeps for itself is in the tree, but disabled. */
static bool is_usable(const void *fdt, int node)
{
    return fdt_getprop(fdt, node, "status", NULL) == NULL || is_text(fdt, node, "status", "okay") ||
           is_text(fdt, node, "status", "ok");
}

static bool is_ours(const void *fdt, int node, const char *type)
{
    return is_text(fdt, node, "device_type", type) && is_usable(fdt, node);
}

static void find_cpu(const void *fdt, int node, int parent, struct findings *found)
{
    struct range_row reg;

    if (!read_reg(fdt, node, parent, 0, &reg)) {
        return;
    }
    for (uint32_t n = 0; n < PCPU_COUNT; n++) {
        if (pcpu_rows[n].hardware_id == reg.base) {
            found->cpu[n] = true;
        }
    }
}

static bool gic_matches(const void *fdt, int node, int parent)
{
    for (uint32_t n = 0; n < board_row.gic_count; n++) {
        struct range_row reg;

        if (!read_reg(fdt, node, parent, n, &reg) || reg.base != board_row.gic[n].base ||
            reg.size < board_row.gic[n].size) {
            return false;
        }
    }
    return true;
}

static void find_in_node(const void *fdt, int node, int parent, bool reserved,
                         struct findings *found)
{
    struct range_row reg;

    if (reserved) {
        for (uint32_t n = 0; read_reg(fdt, node, parent, n, &reg); n++) {
            add_range(found->reserved, &found->reserved_count, reg);
        }
    } else if (is_ours(fdt, node, "memory")) {
        for (uint32_t n = 0; read_reg(fdt, node, parent, n, &reg); n++) {
            add_range(found->ram, &found->ram_count, reg);
        }
    } else if (is_ours(fdt, node, "cpu")) {
        find_cpu(fdt, node, parent, found);
    } else if (fdt_node_check_compatible(fdt, node, board_row.gic_compatible) == 0) {
        found->gic = found->gic || gic_matches(fdt, node, parent);
    } else if (fdt_node_check_compatible(fdt, node, board_row.uart_compatible) == 0 &&
               read_reg(fdt, node, parent, 0, &reg)) {
        found->uart = found->uart || reg.base == board_row.uart.base;
    }
}

/* One walk, nodes down to depth 2: what we look for stands at the root or one bus below. */
static void walk(const void *fdt, struct findings *found)
{
    int parents[3] = { 0 };
    int depth = 0;
    bool reserved = false;

    for (int node = fdt_next_node(fdt, 0, &depth); node >= 0 && depth > 0;
         node = fdt_next_node(fdt, node, &depth)) {
        if (depth > 2) {
            continue;
        }
        if (depth == 1) {
            const char *name = fdt_get_name(fdt, node, NULL);
            reserved = name != NULL && strcmp(name, "reserved-memory") == 0;
            parents[1] = node;
        }
        find_in_node(fdt, node, parents[depth - 1], reserved && depth == 2, found);
    }
}

static bool overlaps(const struct range_row *a, const struct range_row *b)
{
    return a->base < end_of(b) && b->base < end_of(a);
}

/* Is all of `want` covered by the found ranges, which may adjoin? */
static bool covered(const struct range_row *want, const struct findings *found)
{
    uint64_t at = want->base;

    for (uint32_t n = 0; n < found->ram_count; n++) {
        for (uint32_t m = 0; m < found->ram_count; m++) {
            const struct range_row *ram = &found->ram[m];
            if (at >= ram->base && at < end_of(ram)) {
                at = end_of(ram);
            }
        }
    }
    return at >= want->base + want->size;
}

static void judge(const struct findings *found)
{
    for (uint32_t n = 0; n < board_row.ram_count; n++) {
        const struct range_row *want = &board_row.ram[n];

        if (!covered(want, found)) {
            panic("board check: the plan uses RAM %#llx-%#llx, which this board does not have",
                  (unsigned long long)want->base,
                  (unsigned long long)(want->base + want->size - 1));
        }
        for (uint32_t m = 0; m < found->reserved_count; m++) {
            if (overlaps(want, &found->reserved[m])) {
                panic("board check: firmware reserves RAM %#llx-%#llx, which the plan uses",
                      (unsigned long long)found->reserved[m].base,
                      (unsigned long long)(end_of(&found->reserved[m]) - 1));
            }
        }
    }
    for (uint32_t n = 0; n < PCPU_COUNT; n++) {
        if (!found->cpu[n]) {
            panic("board check: the plan uses CPU %#llx, which this board does not have",
                  (unsigned long long)pcpu_rows[n].hardware_id);
        }
    }
    if (!found->gic) {
        panic("board check: no interrupt controller '%s' with its registers at %#llx",
              board_row.gic_compatible, (unsigned long long)board_row.gic[0].base);
    }
    if (!found->uart) {
        panic("board check: no UART '%s' at %#llx", board_row.uart_compatible,
              (unsigned long long)board_row.uart.base);
    }
}

static const void *locate(uint64_t dtb)
{
    uint64_t address = dtb != 0 ? dtb : board_row.dtb_fallback.addr;
    const void *fdt = (const void *)address;

    if (address == 0) {
        panic("board check: firmware handed over no device tree");
    }
    if ((address & 7) != 0 || !arch_mem_readable(HPA(address), sizeof(struct fdt_header))) {
        panic("board check: firmware's device tree address %#llx is not in this board's RAM",
              (unsigned long long)address);
    }
    if (fdt_check_header(fdt) != 0 || fdt_totalsize(fdt) > DTB_MAX_SIZE ||
        !arch_mem_readable(HPA(address), fdt_totalsize(fdt))) {
        panic("board check: what firmware left at %#llx is not a device tree",
              (unsigned long long)address);
    }
    return fdt;
}

void board_check(uint64_t dtb)
{
    static struct findings found;
    const void *fdt = locate(dtb);

    for (int n = 0; n < fdt_num_mem_rsv(fdt); n++) {
        uint64_t base = 0;
        uint64_t size = 0;

        if (fdt_get_mem_rsv(fdt, n, &base, &size) == 0 && base != (uint64_t)fdt) {
            add_range(found.reserved, &found.reserved_count,
                      (struct range_row){ .base = base, .size = size });
        }
    }
    walk(fdt, &found);
    judge(&found);
    log_info("board check: this is %s", board_row.name);
}
