/* SPDX-License-Identifier: Apache-2.0 */
/* sources: loader/tree.c tests/unit/fixture/libfdt.c */
#include "loader/tree.h"
#include "tests/unit/check.h"

#include <stdlib.h>
#include <string.h>

#define BLOB_SIZE 512u
#define RESERVATIONS 40u
#define STRUCTURE 88u
#define STRINGS 256u

static _Alignas(8) char blob[BLOB_SIZE];
static uint32_t end; /* of what is written of the structure block */

static void put_cell(uint32_t at, uint32_t value)
{
    for (uint32_t n = 0; n < 4; n++) {
        blob[at + n] = (char)(value >> (24 - 8 * n));
    }
}

static void token(uint32_t value)
{
    put_cell(end, value);
    end += 4;
}

static void bytes(const void *data, uint32_t size)
{
    memcpy(blob + end, data, size);
    end += (size + 3) / 4 * 4;
}

static void node(const char *name)
{
    token(1);
    bytes(name, (uint32_t)strlen(name) + 1);
}

static void property(uint32_t name, const void *data, uint32_t size)
{
    token(3);
    token(size);
    token(name);
    bytes(data, size);
}

/* / { reg; a@1 { status = "okay"; empty; }; }; with a reservation of 0x1000 bytes at 4 GiB. */
static void write_blob(void)
{
    static const char strings[] = "reg\0status\0empty";

    memset(blob, 0, sizeof(blob));
    memcpy(blob + STRINGS, strings, sizeof(strings));
    put_cell(RESERVATIONS, 1);
    put_cell(RESERVATIONS + 12, 0x1000);
    end = STRUCTURE;
    node("");
    property(0, "\x01\x02\x03\x04\x05\x06\x07\x08", 8);
    token(4);
    node("a@1");
    property(4, "okay", 5);
    property(11, "", 0);
    token(2);
    token(2);
    token(9);
    const uint32_t header[] = {
        0xd00dfeed, STRINGS + sizeof(strings), STRUCTURE,      STRINGS, RESERVATIONS, 17, 16,
        0,          sizeof(strings),           end - STRUCTURE
    };
    for (uint32_t n = 0; n < sizeof(header) / 4; n++) {
        put_cell(4 * n, header[n]);
    }
}

static void test_reads_in_order(void)
{
    struct tree tree;
    struct tree_item item;

    write_blob();
    CHECK_EQ(tree_size(blob), STRINGS + 17);
    tree_open(&tree, blob);
    CHECK_EQ(tree_next(&tree, &item), TREE_NODE);
    CHECK(strcmp(item.name, "") == 0);
    CHECK_EQ(tree_next(&tree, &item), TREE_PROPERTY);
    CHECK(strcmp(item.name, "reg") == 0);
    CHECK_EQ(item.size, 8);
    CHECK_EQ(tree_number(item.value, 1), 0x01020304);
    CHECK_EQ(tree_number(item.value, 2), 0x0102030405060708);
    CHECK_EQ(tree_next(&tree, &item), TREE_NODE);
    CHECK(strcmp(item.name, "a@1") == 0);
    CHECK_EQ(tree.depth, 2);
    CHECK_EQ(tree_next(&tree, &item), TREE_PROPERTY);
    CHECK(strcmp(item.name, "status") == 0 && strcmp(item.value, "okay") == 0);
    CHECK_EQ(tree_next(&tree, &item), TREE_PROPERTY);
    CHECK(strcmp(item.name, "empty") == 0 && item.size == 0 && item.value != NULL);
    CHECK_EQ(tree_next(&tree, &item), TREE_NODE_END);
    CHECK_EQ(tree.depth, 1);
    CHECK_EQ(tree_next(&tree, &item), TREE_NODE_END);
    CHECK_EQ(tree_next(&tree, &item), TREE_END);
}

static void test_reservations(void)
{
    struct tree tree;
    uint64_t base = 0;
    uint64_t size = 0;

    write_blob();
    tree_open(&tree, blob);
    CHECK(tree_reservation(&tree, 0, &base, &size));
    CHECK_EQ(base, UINT64_C(1) << 32);
    CHECK_EQ(size, 0x1000);
    CHECK(!tree_reservation(&tree, 1, &base, &size));
    CHECK(!tree_reservation(&tree, UINT32_MAX, &base, &size));
}

static void test_refuses_headers(void)
{
    static const uint32_t bad[][2] = { { 0, 0xd00dfeee }, { 4, 39 }, { 20, 16 }, { 24, 18 } };
    static const uint32_t outside[][2] = {
        { 8, BLOB_SIZE }, { 8, STRUCTURE + 2 }, { 12, UINT32_MAX }, { 16, BLOB_SIZE },
        { 16, 44 },       { 32, BLOB_SIZE },    { 36, UINT32_MAX },
    };

    for (uint32_t n = 0; n < sizeof(bad) / sizeof(bad[0]); n++) {
        write_blob();
        put_cell(bad[n][0], bad[n][1]);
        CHECK_EQ(tree_size(blob), 0);
    }
    for (uint32_t n = 0; n < sizeof(outside) / sizeof(outside[0]); n++) {
        write_blob();
        put_cell(outside[n][0], outside[n][1]);
        CHECK_EQ(tree_size(blob), 0);
    }
}

/* All of `data` (a multiple of 8 bytes), which the sanitizer watches, and every byte that its items
 * name. */
static enum tree_token read_all(const char *data, uint32_t size)
{
    char *copy = aligned_alloc(8, size);
    struct tree tree;
    struct tree_item item = { 0 };
    enum tree_token last = TREE_DAMAGED;
    uint64_t sum = 0; /* of all that was read */

    memcpy(copy, data, size);
    if (tree_size(copy) != 0 && tree_size(copy) <= size) {
        uint64_t base = 0;
        uint64_t reserved = 0;

        tree_open(&tree, copy);
        for (uint32_t n = 0; tree_reservation(&tree, n, &base, &reserved); n++) {
            sum += base + reserved;
        }
        do {
            last = tree_next(&tree, &item);
            if (last == TREE_PROPERTY) {
                sum += strlen(item.name);
                for (uint32_t n = 0; n < item.size; n++) {
                    sum += (uint8_t)item.value[n];
                }
            }
        } while (last != TREE_END && last != TREE_DAMAGED);
    }
    free(copy);
    return sum == UINT64_MAX ? TREE_DAMAGED : last;
}

/* With every cell of the tree changed to values at the edges, nothing outside of it is read. */
static void test_damaged_trees(void)
{
    static const uint32_t edges[] = { 0, 1,          2,          3,          4,         5,
                                      9, 0x7fffffff, 0x80000000, 0xfffffff0, UINT32_MAX };
    uint32_t damaged = 0;

    write_blob();
    uint32_t size = (tree_size(blob) + 7) / 8 * 8;

    CHECK_EQ(read_all(blob, size), TREE_END);
    for (uint32_t at = 0; at < size; at += 4) {
        for (uint32_t n = 0; n < sizeof(edges) / sizeof(edges[0]); n++) {
            write_blob();
            put_cell(at, edges[n]);
            damaged += read_all(blob, size) == TREE_DAMAGED;
        }
    }
    CHECK(damaged > 100);
    for (uint32_t cut = 0; cut < end - STRUCTURE; cut++) {
        write_blob();
        put_cell(36, cut);
        CHECK_EQ(read_all(blob, size), TREE_DAMAGED);
    }
}

int main(void)
{
    TEST(test_reads_in_order);
    TEST(test_reservations);
    TEST(test_refuses_headers);
    TEST(test_damaged_trees);
    return test_result();
}
