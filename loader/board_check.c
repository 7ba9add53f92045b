/* SPDX-License-Identifier: Apache-2.0 */
#include "loader/board_check.h"

#include <stddef.h>
#include <string.h>

#include "arch/arch.h"
#include "gen/rows.h"
#include "loader/tree.h"
#include "platform/log.h"
#include "platform/panic.h"
#include <tables.h>

#define DTB_MAX_SIZE (UINT32_C(2) << 20)
#define RANGES_MAX 16u
#define DEPTH_MAX 5u
#define CELL_SIZE 4u
#define CELLS_MAX 4u

/* What one walk over the tree found. */
struct findings {
    struct range_row ram[RANGES_MAX];
    uint32_t ram_count;
    struct range_row reserved[RANGES_MAX];
    uint32_t reserved_count;
    bool cpu[COUNT_AT_LEAST_ONE(PCPU_COUNT)];
    bool waits[COUNT_AT_LEAST_ONE(PCPU_COUNT)]; /* for its start where the plan expects it */
    bool gic;
    bool uart;
};

/* What counts of a node; value NULL: it has no such property. */
struct node {
    struct tree_item reg;
    struct tree_item compatible;
    struct tree_item device_type;
    struct tree_item status;
    struct tree_item ranges;
    struct tree_item release_address;
    uint32_t address_cells; /* of its children's reg */
    uint32_t size_cells;
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

/* Range `index` of a node's reg, in the cells of its parent; false: it has no such one. */
static bool read_reg(const struct node *node, uint32_t index, struct range_row *out)
{
    uint32_t address_cells = node[-1].address_cells;
    uint32_t size_cells = node[-1].size_cells;
    uint32_t stride = address_cells + size_cells;

    if (address_cells == 0 || address_cells > CELLS_MAX || size_cells > CELLS_MAX ||
        node->reg.size / CELL_SIZE / stride <= index) {
        return false;
    }
    const char *range = node->reg.value + CELL_SIZE * stride * index;

    *out = (struct range_row){ .base = tree_number(range, address_cells),
                               .size = tree_number(range + CELL_SIZE * address_cells, size_cells) };
    return true;
}

/* `range` as the parent of bus `node` has it (Devicetree Specification 0.4, 2.3.8); false: the bus
 * does not map it. */
static bool translate_once(const struct node *node, struct range_row *range)
{
    uint32_t above_cells = node[-1].address_cells;
    uint32_t stride = node->address_cells + above_cells + node->size_cells;

    if (node->ranges.value == NULL || above_cells == 0 || above_cells > CELLS_MAX ||
        node->size_cells > CELLS_MAX) {
        return false;
    }
    for (uint32_t n = 0; n < node->ranges.size / CELL_SIZE / stride; n++) {
        const char *at = node->ranges.value + CELL_SIZE * stride * n;
        const char *above = at + CELL_SIZE * node->address_cells;
        uint64_t base = tree_number(at, node->address_cells);
        uint64_t size = tree_number(above + CELL_SIZE * above_cells, node->size_cells);

        if (range->base >= base && range->size <= size &&
            range->base - base <= size - range->size) {
            range->base = range->base - base + tree_number(above, above_cells);
            return true;
        }
    }
    return node->ranges.size == 0; /* the same addresses */
}

/* Range `index` of the reg of a node at `depth`, in addresses of the CPUs; false: there is none. */
static bool read_cpu_reg(const struct node *node, uint32_t depth, uint32_t index,
                         struct range_row *out)
{
    if (!read_reg(node, index, out)) {
        return false;
    }
    for (const struct node *bus = node - 1; depth > 1; depth--, bus--) {
        if (!translate_once(bus, out)) {
            return false;
        }
    }
    return true;
}

/* Is the property this one string? */
static bool is_text(const struct tree_item *property, const char *text)
{
    size_t size = strlen(text) + 1;

    return property->size == size && memcmp(property->value, text, size) == 0;
}

/* Is it among the strings of the property? */
static bool has_text(const struct tree_item *property, const char *text)
{
    size_t size = strlen(text) + 1;

    for (uint32_t at = 0; at < property->size && size <= property->size - at; at++) {
        if ((at == 0 || property->value[at - 1] == '\0') &&
            memcmp(property->value + at, text, size) == 0) {
            return true;
        }
    }
    return false;
}

/* Memory or a CPU that firmware keeps for itself is in the tree, but disabled. */
static bool is_ours(const struct node *node, const char *type)
{
    return is_text(&node->device_type, type) &&
           (node->status.value == NULL || is_text(&node->status, "okay") ||
            is_text(&node->status, "ok"));
}

static void find_cpu(const struct node *node, struct findings *found)
{
    struct range_row reg;

    if (!read_reg(node, 0, &reg)) {
        return;
    }
    for (uint32_t n = 0; n < PCPU_COUNT; n++) {
        if (pcpu_rows[n].hardware_id == reg.base) {
            const struct tree_item *release = &node->release_address;

            found->cpu[n] = true;
            found->waits[n] = pcpu_rows[n].release_address.addr ==
                              tree_number(release->value, release->size / CELL_SIZE);
        }
    }
}

static bool gic_matches(const struct node *node, uint32_t depth)
{
    for (uint32_t n = 0; n < board_row.gic_count; n++) {
        struct range_row reg;

        if (!read_cpu_reg(node, depth, n, &reg) || reg.base != board_row.gic[n].base ||
            reg.size < board_row.gic[n].size) {
            return false;
        }
    }
    return true;
}

static void find_in_node(const struct node *node, uint32_t depth, bool reserved,
                         struct findings *found)
{
    struct range_row reg;

    if (reserved && depth == 2) {
        for (uint32_t n = 0; read_reg(node, n, &reg); n++) {
            add_range(found->reserved, &found->reserved_count, reg);
        }
    } else if (depth == 1 && is_ours(node, "memory")) {
        for (uint32_t n = 0; read_reg(node, n, &reg); n++) {
            add_range(found->ram, &found->ram_count, reg);
        }
    } else if (is_ours(node, "cpu")) {
        find_cpu(node, found);
    } else if (has_text(&node->compatible, board_row.gic_compatible)) {
        found->gic = found->gic || gic_matches(node, depth);
    } else if (has_text(&node->compatible, board_row.uart_compatible) &&
               read_cpu_reg(node, depth, 0, &reg)) {
        found->uart = found->uart || reg.base == board_row.uart.base;
    }
}

static void keep_property(struct node *node, const struct tree_item *property)
{
    if (strcmp(property->name, "reg") == 0) {
        node->reg = *property;
    } else if (strcmp(property->name, "compatible") == 0) {
        node->compatible = *property;
    } else if (strcmp(property->name, "device_type") == 0) {
        node->device_type = *property;
    } else if (strcmp(property->name, "status") == 0) {
        node->status = *property;
    } else if (strcmp(property->name, "ranges") == 0) {
        node->ranges = *property;
    } else if (strcmp(property->name, "cpu-release-addr") == 0) {
        node->release_address = *property;
    } else if (strcmp(property->name, "#address-cells") == 0 && property->size == CELL_SIZE) {
        node->address_cells = (uint32_t)tree_number(property->value, 1);
    } else if (strcmp(property->name, "#size-cells") == 0 && property->size == CELL_SIZE) {
        node->size_cells = (uint32_t)tree_number(property->value, 1);
    }
}

/* From front to end, nodes down to DEPTH_MAX (the root has 0): what we look for stands at the root
 * or a few buses below.  A node is judged at its end; what its parent says about reg came before
 * it. */
static void walk(struct tree *tree, uint64_t address, struct findings *found)
{
    struct node nodes[DEPTH_MAX + 1];
    struct tree_item item;
    bool reserved = false;

    for (;;) {
        enum tree_token token = tree_next(tree, &item);
        uint32_t depth = tree->depth - (token == TREE_NODE_END ? 0 : 1);

        if (token == TREE_END) {
            return;
        }
        if (token == TREE_DAMAGED) {
            panic("board check: firmware's device tree at %#llx is damaged",
                  (unsigned long long)address);
        }
        if (depth > DEPTH_MAX) {
            continue;
        }
        if (token == TREE_NODE) {
            /* What a parent does not say is 2 and 1 (Devicetree Specification 0.4, 2.3.5). */
            nodes[depth] = (struct node){ .address_cells = 2, .size_cells = 1 };
            if (depth == 1) {
                reserved = strcmp(item.name, "reserved-memory") == 0;
            }
        } else if (token == TREE_PROPERTY) {
            keep_property(&nodes[depth], &item);
        } else if (depth > 0) {
            find_in_node(&nodes[depth], depth, reserved, found);
        }
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
    for (uint32_t n = 1; n < PCPU_COUNT; n++) {
        uint64_t release = pcpu_rows[n].release_address.addr;

        if (release != 0 && !found->waits[n]) {
            panic("board check: CPU %#llx does not wait for its entry at %#llx",
                  (unsigned long long)pcpu_rows[n].hardware_id, (unsigned long long)release);
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

static void locate(uint64_t address, struct tree *tree)
{
    const void *blob = (const void *)address;

    if (address == 0) {
        panic("board check: firmware handed over no device tree");
    }
    if ((address & 7) != 0 || !arch_mem_readable(HPA(address), TREE_HEADER_SIZE)) {
        panic("board check: firmware's device tree address %#llx is not in this board's RAM",
              (unsigned long long)address);
    }
    uint32_t size = tree_size(blob);

    if (size == 0 || size > DTB_MAX_SIZE || !arch_mem_readable(HPA(address), size)) {
        panic("board check: what firmware left at %#llx is not a device tree",
              (unsigned long long)address);
    }
    tree_open(tree, blob);
}

void board_check(uint64_t dtb)
{
    struct findings found = { .ram_count = 0 };
    uint64_t address = dtb != 0 ? dtb : board_row.dtb_fallback.addr;
    struct tree tree;
    struct range_row range;

    locate(address, &tree);
    for (uint32_t n = 0; tree_reservation(&tree, n, &range.base, &range.size); n++) {
        if (range.base != address) {
            add_range(found.reserved, &found.reserved_count, range);
        }
    }
    walk(&tree, address, &found);
    judge(&found);
    log_info("board check: this is %s", board_row.name);
}
