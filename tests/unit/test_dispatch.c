/* SPDX-License-Identifier: Apache-2.0 */
/* sources: vdev/dispatch.c */
#include "tests/unit/check.h"
#include "vdev/dispatch.h"

#include <stdlib.h>

/* Bisection against a linear search, over random rows that reach both ends of the address space. */

#define ROWS_MAX 40u
#define ROUNDS 400u
#define ACCESSES 200u

static uint64_t random_state = 0x9e3779b97f4a7c15;

static uint64_t random_next(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

static int by_address(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a;
    uint64_t right = *(const uint64_t *)b;

    return left < right ? -1 : left > right;
}

/* Cuts at random addresses; of the pieces between them about half become rows. */
static uint32_t random_rows(struct mmio_row rows[ROWS_MAX])
{
    uint64_t cuts[2 * ROWS_MAX];
    uint32_t cut_count = 2 + (uint32_t)(random_next() % (2 * ROWS_MAX - 2));
    uint64_t shift = random_next() % 56;
    uint32_t count = 0;

    for (uint32_t i = 0; i < cut_count; i++) {
        cuts[i] = random_next() >> shift;
    }
    cuts[0] = 0;
    qsort(cuts, cut_count, sizeof(cuts[0]), by_address);
    for (uint32_t i = 0; i < cut_count && count < ROWS_MAX; i++) {
        /* The last piece ends at 2^64, which wraps to 0. */
        uint64_t size = (i + 1 < cut_count ? cuts[i + 1] : 0) - cuts[i];
        if (size != 0 && random_next() % 2 == 0) {
            rows[count++] = (struct mmio_row){ .base = GPA(cuts[i]), .size = size, .instance = i };
        }
    }
    return count;
}

static const struct mmio_row *linear(const struct vm_row *vm, uint64_t gpa, unsigned size)
{
    for (uint32_t i = 0; i < vm->mmio_count; i++) {
        unsigned __int128 base = vm->mmio[i].base.addr;
        if (gpa >= base && (unsigned __int128)gpa + size <= base + vm->mmio[i].size) {
            return &vm->mmio[i];
        }
    }
    return NULL;
}

/* Mostly near an edge of a row. */
static uint64_t random_address(const struct vm_row *vm)
{
    if (vm->mmio_count == 0 || random_next() % 4 == 0) {
        return random_next() >> (random_next() % 60);
    }
    const struct mmio_row *row = &vm->mmio[random_next() % vm->mmio_count];
    uint64_t edge = random_next() % 2 == 0 ? row->base.addr : row->base.addr + row->size;

    return edge + random_next() % 20 - 10;
}

static void mmio_agrees_with_linear_search(void)
{
    struct mmio_row rows[ROWS_MAX];
    uint32_t found = 0;

    for (uint32_t round = 0; round < ROUNDS; round++) {
        struct vm_row vm = { .mmio = rows, .mmio_count = random_rows(rows) };
        for (uint32_t i = 0; i < ACCESSES; i++) {
            uint64_t gpa = random_address(&vm);
            unsigned size = 1u << (random_next() % 4);
            const struct mmio_row *want = linear(&vm, gpa, size);

            CHECK(dispatch_mmio(&vm, GPA(gpa), size) == want);
            found += want != NULL;
        }
    }
    CHECK(found > ROUNDS * ACCESSES / 10);
    CHECK(found < ROUNDS * ACCESSES * 9 / 10);
}

static void mmio_edges(void)
{
    static const struct mmio_row rows[] = {
        { .base = GPA(0x1000), .size = 0x1000 },
        { .base = GPA(0x2000), .size = 2 },
        { .base = GPA(UINT64_MAX - 0xf), .size = 0x10 },
    };
    struct vm_row vm = { .mmio = rows, .mmio_count = 3 };

    CHECK(dispatch_mmio(&vm, GPA(0xfff), 1) == NULL);
    CHECK(dispatch_mmio(&vm, GPA(0x1000), 8) == &rows[0]);
    CHECK(dispatch_mmio(&vm, GPA(0x1ffc), 4) == &rows[0]);
    CHECK(dispatch_mmio(&vm, GPA(0x1ffe), 4) == NULL); /* across two rows */
    CHECK(dispatch_mmio(&vm, GPA(0x2000), 4) == NULL); /* wider than the row */
    CHECK(dispatch_mmio(&vm, GPA(UINT64_MAX - 7), 8) == &rows[2]);
    CHECK(dispatch_mmio(&vm, GPA(UINT64_MAX - 3), 8) == NULL); /* beyond the end */
    vm.mmio_count = 0;
    CHECK(dispatch_mmio(&vm, GPA(0x1000), 4) == NULL);
}

static const struct port_row *linear_port(const struct vm_row *vm, uint32_t port, unsigned size)
{
    for (uint32_t i = 0; i < vm->port_count; i++) {
        uint32_t base = vm->port[i].base;
        if (port >= base && port + size <= base + vm->port[i].size) {
            return &vm->port[i];
        }
    }
    return NULL;
}

/* The same cuts as MMIO's, over 16 bits; accesses reach beyond the last port. */
static void port_agrees_with_linear_search(void)
{
    struct mmio_row wide[ROWS_MAX];
    struct port_row rows[ROWS_MAX];
    uint32_t found = 0;

    for (uint32_t round = 0; round < ROUNDS; round++) {
        struct vm_row vm = { .port = rows };
        uint32_t count = random_rows(wide);

        for (uint32_t i = 0; i < count; i++) {
            uint32_t base = (uint32_t)(wide[i].base.addr >> 48);
            uint32_t end = (uint32_t)((wide[i].base.addr + (wide[i].size - 1)) >> 48);
            if (end > base) {
                rows[vm.port_count++] = (struct port_row){ (uint16_t)base, end - base, NULL, i };
            }
        }
        for (uint32_t i = 0; i < ACCESSES; i++) {
            uint32_t port = (uint32_t)(random_next() % 0x10010);
            unsigned size = 1u << (random_next() % 3);
            const struct port_row *want = linear_port(&vm, port, size);

            CHECK(dispatch_port(&vm, port, size) == want);
            found += want != NULL;
        }
    }
    CHECK(found > ROUNDS);
}

static void port_edges(void)
{
    static const struct port_row rows[] = {
        { .base = 0x60, .size = 1 },
        { .base = 0x61, .size = 3 },
        { .base = 0xfffc, .size = 4 },
    };
    struct vm_row vm = { .port = rows, .port_count = 3 };

    CHECK(dispatch_port(&vm, 0x5f, 1) == NULL);
    CHECK(dispatch_port(&vm, 0x60, 1) == &rows[0]);
    CHECK(dispatch_port(&vm, 0x60, 2) == NULL);
    CHECK(dispatch_port(&vm, 0x62, 2) == &rows[1]);
    CHECK(dispatch_port(&vm, 0xfffc, 4) == &rows[2]);
    CHECK(dispatch_port(&vm, 0xffff, 2) == NULL);
    CHECK(dispatch_port(&vm, 0x10000, 1) == NULL);
}

static void sysreg_agrees_with_linear_search(void)
{
    struct sysreg_row rows[ROWS_MAX];

    for (uint32_t round = 0; round < ROUNDS; round++) {
        struct vm_row vm = { .sysreg = rows };
        uint32_t encoding = (uint32_t)(random_next() % 8);

        for (uint32_t i = 0; i < random_next() % ROWS_MAX; i++) {
            rows[vm.sysreg_count++] = (struct sysreg_row){ .encoding = (uint16_t)encoding };
            encoding += 1 + (uint32_t)(random_next() % 3);
        }
        for (uint32_t asked = 0; asked < encoding + 4; asked++) {
            const struct sysreg_row *want = NULL;
            for (uint32_t i = 0; i < vm.sysreg_count; i++) {
                want = rows[i].encoding == asked ? &rows[i] : want;
            }
            CHECK(dispatch_sysreg(&vm, asked) == want);
        }
    }
}

int main(void)
{
    TEST(mmio_agrees_with_linear_search);
    TEST(mmio_edges);
    TEST(port_agrees_with_linear_search);
    TEST(port_edges);
    TEST(sysreg_agrees_with_linear_search);
    return test_result();
}
