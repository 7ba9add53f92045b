/* SPDX-License-Identifier: Apache-2.0 */
#include "loader/tree.h"

#include <libfdt.h>
#include <stddef.h>

uint64_t tree_number(const char *cells, uint32_t count)
{
    uint64_t value = 0;

    for (uint32_t n = 0; n < count; n++) {
        const void *cell = cells + FDT_TAGSIZE * n;

        value = (value << 32) | fdt32_ld(cell);
    }
    return value;
}

/* libfdt is built for the latest version alone (gen/tool/libfdt.py). */
uint32_t tree_size(const void *blob)
{
    bool good = fdt_check_header(blob) == 0 && fdt_version(blob) >= FDT_LAST_SUPPORTED_VERSION &&
                fdt_last_comp_version(blob) <= FDT_LAST_SUPPORTED_VERSION &&
                fdt_off_dt_struct(blob) % FDT_TAGSIZE == 0 &&
                fdt_off_mem_rsvmap(blob) % sizeof(uint64_t) == 0;

    return good ? fdt_totalsize(blob) : 0;
}

void tree_open(struct tree *tree, const void *blob)
{
    *tree = (struct tree){ .blob = blob };
}

bool tree_reservation(const struct tree *tree, uint32_t index, uint64_t *base, uint64_t *size)
{
    return index <= INT32_MAX && fdt_get_mem_rsv(tree->blob, (int)index, base, size) == 0 &&
           (*base != 0 || *size != 0);
}

/* The property at `at`.  That fdt_next_tag() found its end inside says nothing yet: a size near
 * 4 GiB wraps around. */
static enum tree_token property(const struct tree *tree, int at, struct tree_item *item)
{
    const struct fdt_property *found = fdt_offset_ptr(tree->blob, at, sizeof(*found));

    if (found == NULL || tree->depth == 0) {
        return TREE_DAMAGED;
    }
    item->name = fdt_get_string(tree->blob, (int)fdt32_ld(&found->nameoff), NULL);
    item->value = found->data;
    item->size = fdt32_ld(&found->len);
    bool inside = item->size <= (uint32_t)(tree->at - at) - sizeof(*found);

    return inside && item->name != NULL ? TREE_PROPERTY : TREE_DAMAGED;
}

enum tree_token tree_next(struct tree *tree, struct tree_item *item)
{
    int at;
    uint32_t tag;

    do {
        at = tree->at;
        tag = fdt_next_tag(tree->blob, at, &tree->at);
    } while (tag == FDT_NOP);
    if (tree->at <= at) {
        return TREE_DAMAGED;
    }
    switch (tag) {
    case FDT_BEGIN_NODE:
        tree->depth++;
        *item = (struct tree_item){ .name = fdt_offset_ptr(tree->blob, at + (int)FDT_TAGSIZE, 1) };
        return TREE_NODE;
    case FDT_PROP:
        return property(tree, at, item);
    case FDT_END_NODE:
        if (tree->depth == 0) {
            return TREE_DAMAGED;
        }
        tree->depth--;
        return TREE_NODE_END;
    default:
        return tree->depth == 0 ? TREE_END : TREE_DAMAGED;
    }
}
