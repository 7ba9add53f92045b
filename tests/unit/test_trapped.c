/* SPDX-License-Identifier: Apache-2.0 */
/* sources: vdev/trapped.c arch/fake/[a-z]*.c tests/unit/fixture/platform.c */
#include "gen/rows.h"
#include "tests/unit/check.h"
#include "vdev/trapped.h"

#include <tables.h>

/* Two registers as two VMs share them; a set register; one that a VM has whole; nothing. */
static uint32_t shared[2];
static uint32_t set_register;
static uint32_t ones_register;
static uint16_t narrow[2];
static uint64_t wide;

enum { ALPHA, BETA, SETTER, ONES, NARROW, WIDE, READER, NOTHING };

const struct vm_row vm_rows[VM_COUNT] = { { .vcpu_count = 1 } }; /* for arch/fake */

#define AT(object)                                                                                 \
    {                                                                                              \
        .addr = (uint64_t)(object)                                                                 \
    }
const struct trapped_row trapped_rows[] = {
    [ALPHA] = { .base = AT(shared), .read_mask = 0x0f, .write_mask = 0x0f, .lock = 0 },
    [BETA] = { .base = AT(shared), .read_mask = 0xf0, .write_mask = 0xf0, .lock = 0 },
    [SETTER] = { .base = AT(&set_register),
                 .write_mask = 0x20000,
                 .rest = TRAPPED_ZEROS,
                 .lock = -1 },
    [ONES] = { .base = AT(&ones_register), .write_mask = 1, .rest = TRAPPED_ONES, .lock = -1 },
    [NARROW] = { .base = AT(narrow), .read_mask = 0xff00, .write_mask = 0xff00, .lock = -1 },
    [WIDE] = { .base = AT(&wide), .read_mask = UINT64_MAX, .write_mask = UINT64_MAX, .lock = -1 },
    [READER] = { .base = AT(shared), .read_mask = 0xffff, .write_mask = 0, .lock = -1 },
    [NOTHING] = { .base = AT(0x10), .read_mask = 0, .write_mask = 0, .lock = -1 },
};

static uint64_t get(uint32_t row, uint64_t offset, unsigned size)
{
    return trapped_ops[15].read(NULL, row, offset, size);
}

static void set(uint32_t row, uint64_t offset, unsigned size, uint64_t value)
{
    trapped_ops[15].write(NULL, row, offset, size, value);
}

static void test_bits_of_two_stay_apart(void)
{
    shared[0] = 0xffff00;
    set(ALPHA, 0, 4, 0xffffffff);
    CHECK_EQ(shared[0], 0xffff0f);
    set(BETA, 0, 4, 0x50);
    CHECK_EQ(shared[0], 0xffff5f);
    set(ALPHA, 0, 4, 0);
    CHECK_EQ(shared[0], 0xffff50);
    CHECK_EQ(get(ALPHA, 0, 4), 0);
    CHECK_EQ(get(BETA, 0, 4), 0x50);
}

static void test_offset_names_the_register(void)
{
    shared[0] = 0;
    shared[1] = 0xabcd0000;
    set(BETA, 4, 4, 0x30);
    CHECK_EQ(shared[0], 0);
    CHECK_EQ(shared[1], 0xabcd0030);
    CHECK_EQ(get(BETA, 4, 4), 0x30);
}

static void test_set_register_is_not_read_back(void)
{
    set_register = 0x11;
    set(SETTER, 0, 4, 0xffffffff);
    CHECK_EQ(set_register, 0x20000);
    CHECK_EQ(get(SETTER, 0, 4), 0);
}

static void test_ones_around_what_is_written(void)
{
    ones_register = 0;
    set(ONES, 0, 4, 0);
    CHECK_EQ(ones_register, 0xfffffffe);
    set(ONES, 0, 4, 1);
    CHECK_EQ(ones_register, 0xffffffff);
}

static void test_widths(void)
{
    narrow[0] = 0x00aa;
    narrow[1] = 0x00bb;
    set(NARROW, 2, 2, 0x1234);
    CHECK_EQ(narrow[0], 0x00aa);
    CHECK_EQ(narrow[1], 0x12bb);
    set(WIDE, 0, 8, UINT64_C(0x0123456789abcdef));
    CHECK_EQ(wide, UINT64_C(0x0123456789abcdef));
    set(WIDE, 1, 1, 0x55);
    CHECK_EQ(wide, UINT64_C(0x0123456789ab55ef));
    CHECK_EQ(get(WIDE, 1, 1), 0x55);
    CHECK_EQ(get(WIDE, 4, 4), 0x01234567);
}

static void test_what_is_not_granted_is_not_reached(void)
{
    shared[0] = 0x123456;
    CHECK_EQ(get(READER, 0, 4), 0x3456);
    set(READER, 0, 4, 0);
    CHECK_EQ(shared[0], 0x123456);
    CHECK_EQ(get(NOTHING, 0, 4), 0); /* at an address that would fault */
    set(NOTHING, 0, 8, 1);
}

static void test_each_set_of_widths_has_operations(void)
{
    for (unsigned widths = 0; widths < TRAPPED_OPS_COUNT; widths++) {
        CHECK_EQ(trapped_ops[widths].sizes, widths);
        CHECK(trapped_ops[widths].read == trapped_ops[0].read);
        CHECK(trapped_ops[widths].write == trapped_ops[0].write);
    }
}

int main(void)
{
    TEST(test_bits_of_two_stay_apart);
    TEST(test_offset_names_the_register);
    TEST(test_set_register_is_not_read_back);
    TEST(test_ones_around_what_is_written);
    TEST(test_widths);
    TEST(test_what_is_not_granted_is_not_reached);
    TEST(test_each_set_of_widths_has_operations);
    return test_result();
}
