/* SPDX-License-Identifier: Apache-2.0 */
#include "loader/tree.h"

#include <stddef.h>
#include <string.h>

#define MAGIC 0xd00dfeedu
#define VERSION 17u /* and what is compatible with it */
#define CELL 4u
#define RESERVATION_SIZE 16u

/* Tokens of the structure block (5.4.1). */
#define BEGIN_NODE 1u
#define END_NODE 2u
#define PROP 3u
#define NOP 4u
#define END 9u

/* The header (5.2), in cells. */
enum header {
    HEADER_MAGIC,
    HEADER_TOTALSIZE,
    HEADER_OFF_STRUCT,
    HEADER_OFF_STRINGS,
    HEADER_OFF_RESERVATIONS,
    HEADER_VERSION,
    HEADER_LAST_COMPATIBLE,
    HEADER_BOOT_CPU,
    HEADER_SIZE_STRINGS,
    HEADER_SIZE_STRUCT,
};

static uint32_t cell(const char *at)
{
    const void *word = at;

    return __builtin_bswap32(*(const uint32_t *)word);
}

static uint32_t header(const void *blob, enum header field)
{
    return cell((const char *)blob + CELL * (uint32_t)field);
}

uint64_t tree_number(const char *cells, uint32_t count)
{
    uint64_t value = 0;

    for (uint32_t n = 0; n < count; n++) {
        value = (value << 32) | cell(cells + CELL * n);
    }
    return value;
}

uint32_t tree_size(const void *blob)
{
    bool good = header(blob, HEADER_MAGIC) == MAGIC && header(blob, HEADER_VERSION) >= VERSION &&
                header(blob, HEADER_LAST_COMPATIBLE) <= VERSION &&
                header(blob, HEADER_TOTALSIZE) >= TREE_HEADER_SIZE;

    return good ? header(blob, HEADER_TOTALSIZE) : 0;
}

bool tree_open(struct tree *tree, const void *blob)
{
    uint32_t total = header(blob, HEADER_TOTALSIZE);
    uint32_t structure = header(blob, HEADER_OFF_STRUCT);
    uint32_t strings = header(blob, HEADER_OFF_STRINGS);
    uint32_t reservations = header(blob, HEADER_OFF_RESERVATIONS);
    const char *base = blob;

    *tree = (struct tree){
        .structure = base + structure,
        .structure_size = header(blob, HEADER_SIZE_STRUCT),
        .strings = base + strings,
        .strings_size = header(blob, HEADER_SIZE_STRINGS),
        .reservations = base + reservations,
    };
    if (structure > total || tree->structure_size > total - structure || structure % CELL != 0 ||
        strings > total || tree->strings_size > total - strings || reservations > total ||
        reservations % (2 * CELL) != 0) {
        return false;
    }
    tree->reservations_size = total - reservations;
    return true;
}

bool tree_reservation(const struct tree *tree, uint32_t index, uint64_t *base, uint64_t *size)
{
    if (index >= tree->reservations_size / RESERVATION_SIZE) {
        return false;
    }
    const char *entry = tree->reservations + RESERVATION_SIZE * index;

    *base = tree_number(entry, 2);
    *size = tree_number(entry + 2 * CELL, 2);
    return *base != 0 || *size != 0;
}

/* The next `size` bytes of the structure block, and what pads them to a cell; NULL: it ends. */
static const char *take(struct tree *tree, uint32_t size)
{
    const char *bytes = tree->structure + tree->at;
    uint32_t room = tree->structure_size - tree->at;

    if (size > room || (CELL - size % CELL) % CELL > room - size) {
        return NULL;
    }
    tree->at += (size + CELL - 1) / CELL * CELL;
    return bytes;
}

static uint32_t take_token(struct tree *tree)
{
    const char *token;

    do {
        token = take(tree, CELL);
    } while (token != NULL && cell(token) == NOP);
    return token == NULL ? 0 : cell(token);
}

static enum tree_token node_begin(struct tree *tree, struct tree_item *item)
{
    uint32_t room = tree->structure_size - tree->at;
    const char *name = tree->structure + tree->at;
    const char *end = memchr(name, '\0', room);

    if (end == NULL || take(tree, (uint32_t)(end - name) + 1) == NULL) {
        return TREE_DAMAGED;
    }
    *item = (struct tree_item){ .name = name };
    tree->depth++;
    return TREE_NODE;
}

static enum tree_token property(struct tree *tree, struct tree_item *item)
{
    const char *head = take(tree, 2 * CELL);

    if (head == NULL || tree->depth == 0) {
        return TREE_DAMAGED;
    }
    uint32_t name = cell(head + CELL);

    item->size = cell(head);
    item->value = take(tree, item->size);
    item->name = tree->strings + name;
    if (item->value == NULL || name >= tree->strings_size ||
        tree->strings[tree->strings_size - 1] != '\0') {
        return TREE_DAMAGED;
    }
    return TREE_PROPERTY;
}

enum tree_token tree_next(struct tree *tree, struct tree_item *item)
{
    switch (take_token(tree)) {
    case BEGIN_NODE:
        return node_begin(tree, item);
    case PROP:
        return property(tree, item);
    case END_NODE:
        if (tree->depth == 0) {
            return TREE_DAMAGED;
        }
        tree->depth--;
        return TREE_NODE_END;
    case END:
        return tree->depth == 0 ? TREE_END : TREE_DAMAGED;
    default:
        return TREE_DAMAGED;
    }
}
