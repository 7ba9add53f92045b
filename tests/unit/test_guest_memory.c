/* SPDX-License-Identifier: Apache-2.0 */
/* sources: vdev/guest_memory.c arch/fake/[a-z]*.c */
#include <string.h>

#include "arch/fake/fake.h"
#include "tests/unit/check.h"
#include "vdev/guest_memory.h"

/* A VM whose RAM is: one page, joined in its own address space by another that lies elsewhere, a
 * hole, a ROM page, and the page that ends the address space. */
#define PAGE UINT64_C(0x1000)
#define FIRST UINT64_C(0x40000000)
#define SECOND (FIRST + PAGE)
#define ROM UINT64_C(0x50000000)
#define LAST (UINT64_C(0) - PAGE)

static uint8_t host[4][0x1000 + 16];

#define RAM(at, n, may_write)                                                                      \
    {                                                                                              \
        .gpa = GPA(at), .hpa = { .addr = (uint64_t)host[n] }, .size = PAGE,                        \
        .writable = (may_write)                                                                    \
    }
static const struct ram_row ram[] = {
    RAM(FIRST, 3, true),
    RAM(SECOND, 0, true),
    RAM(ROM, 1, false),
    RAM(LAST, 2, true),
};
static const struct vm_row vm = { .name = "vm", .ram = ram, .ram_count = 4 };
const struct vm_row vm_rows[VM_COUNT] = { 0 };

static void setup(void)
{
    fake_reset();
    for (unsigned n = 0; n < 4; n++) {
        memset(host[n], (int)(0x10 * (n + 1)), sizeof(host[n]));
    }
}

static bool can(uint64_t base, uint64_t size, bool write)
{
    return guest_memory_check(&vm, GPA(base), size, write);
}

static void ranges(void)
{
    setup();
    CHECK(can(FIRST, 1, true));
    CHECK(can(FIRST, 2 * PAGE, true));
    CHECK(can(SECOND + PAGE - 1, 1, true));
    CHECK(!can(FIRST - 1, 1, false));
    CHECK(!can(FIRST - 1, 2, false));
    CHECK(!can(SECOND + PAGE - 7, 8, false));
    CHECK(!can(SECOND + PAGE, 1, false));
    CHECK(!can(FIRST, 2 * PAGE + 1, false));
    CHECK(!can(0, 8, false));
}

static void overflow(void)
{
    setup();
    CHECK(can(UINT64_MAX, 1, false));
    CHECK(can(LAST, PAGE, false));
    CHECK(!can(UINT64_MAX - 3, 8, false));
    CHECK(!can(LAST, PAGE + 1, false));
    CHECK(!can(FIRST, UINT64_MAX, false));
    CHECK(!can(SECOND, UINT64_MAX - SECOND + 1, false));
    CHECK(!can(LAST, UINT64_MAX, false));
}

static void rom_is_read_only(void)
{
    uint64_t value = 0;

    setup();
    CHECK(can(ROM, PAGE, false));
    CHECK(!can(ROM, 1, true));
    CHECK(guest_memory_read(&vm, &value, GPA(ROM), 8));
    CHECK_EQ(value, UINT64_C(0x2020202020202020));
    CHECK(!guest_memory_write(&vm, GPA(ROM), &value, 8));
    CHECK_EQ(host[1][0], 0x20);
}

/* The two rows join for the guest and not in the host: neither spills over its end. */
static void crossing_rows(void)
{
    static const uint8_t written[] = { 1, 2, 3, 4, 5, 6, 7, 8 };
    uint8_t read[8] = { 0 };

    setup();
    CHECK(guest_memory_write(&vm, GPA(SECOND - 3), written, 8));
    CHECK_EQ(host[3][PAGE - 4], 0x40);
    CHECK_EQ(host[3][PAGE - 3], 1);
    CHECK_EQ(host[3][PAGE - 1], 3);
    CHECK_EQ(host[3][PAGE], 0x40);
    CHECK_EQ(host[0][0], 4);
    CHECK_EQ(host[0][4], 8);
    CHECK_EQ(host[0][5], 0x10);
    CHECK(guest_memory_read(&vm, read, GPA(SECOND - 3), 8));
    CHECK(memcmp(read, written, 8) == 0);
}

static void nothing_is_copied_where_not_all_can_be(void)
{
    uint64_t value = 77;

    setup();
    CHECK(!guest_memory_write(&vm, GPA(SECOND + PAGE - 4), &value, 8));
    CHECK_EQ(host[0][PAGE - 4], 0x10);
    CHECK(!guest_memory_read(&vm, &value, GPA(SECOND + PAGE - 4), 8));
    CHECK_EQ(value, 77);
}

/* And the caches hold nothing old of it. */
static void guest_memory_is_unmapped_afterwards(void)
{
    uint64_t value = 0;

    setup();
    CHECK(guest_memory_read(&vm, &value, GPA(FIRST + 8), 8));
    CHECK_EQ(fake_cpus[0].map, ARCH_MAP_RUN);
    CHECK(fake_called(FAKE_CALL_MEM_FLUSH, (uint64_t)&host[3][8], 8));
    CHECK(guest_memory_write(&vm, GPA(FIRST + 8), &value, 8));
    CHECK_EQ(fake_cpus[0].map, ARCH_MAP_RUN);
}

int main(void)
{
    TEST(ranges);
    TEST(overflow);
    TEST(rom_is_read_only);
    TEST(crossing_rows);
    TEST(nothing_is_copied_where_not_all_can_be);
    TEST(guest_memory_is_unmapped_afterwards);
    return test_result();
}
