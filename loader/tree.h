/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LOADER_TREE_H
#define LOADER_TREE_H

/*
 * A flattened device tree (Devicetree Specification 0.4, chapter 5), read once from front to end by
 * libfdt: its look-ups by path or name begin at the front each time.  Whatever the bytes are,
 * nothing outside of the tree is read.
 */

#include <stdbool.h>
#include <stdint.h>

#define TREE_HEADER_SIZE 40u

struct tree {
    const void *blob;
    int at;         /* offset of the next token in the structure block */
    uint32_t depth; /* nodes that are open */
};

enum tree_token {
    TREE_NODE,     /* a node begins: name */
    TREE_NODE_END, /* the node that began last and has not ended */
    TREE_PROPERTY, /* of that node: name, value, size */
    TREE_END,
    TREE_DAMAGED, /* no further token can be told */
};

struct tree_item {
    const char *name; /* ends with a NUL */
    const char *value;
    uint32_t size; /* of the value, bytes */
};

/* Size that the header at `blob` (readable for TREE_HEADER_SIZE, aligned to 8) claims; 0: it is not
 * that of a device tree of version 17, whose blocks lie inside of it, aligned. */
uint32_t tree_size(const void *blob);
/* All tree_size() bytes, not 0, are readable. */
void tree_open(struct tree *tree, const void *blob);
enum tree_token tree_next(struct tree *tree, struct tree_item *item);
/* Entry `index` of the memory reservation block; false: there is no such one. */
bool tree_reservation(const struct tree *tree, uint32_t index, uint64_t *base, uint64_t *size);
/* Big-endian number of `count` cells (of 32 bits; of more than two the last two count). */
uint64_t tree_number(const char *cells, uint32_t count);

#endif
