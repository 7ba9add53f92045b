/* SPDX-License-Identifier: Apache-2.0 */
/* sources: vdev/trapped.c arch/fake/[a-z]*.c tests/unit/fixture/platform.c */
#include "gen/rows.h"
#include "tests/unit/check.h"
#include "vdev/trapped.h"

#include <tables.h>

#include <pthread.h>

/* Two VMs write their bits of one register at once: no write of one undoes one of the other.  A
 * third works in a page of its own, with another lock. */

#define ROUNDS 100000u

static uint32_t shared;
static uint32_t apart;
static pthread_barrier_t start;

const struct vm_row vm_rows[VM_COUNT] = { { .vcpu_count = 1 } }; /* for arch/fake */

#define AT(object)                                                                                 \
    {                                                                                              \
        .addr = (uint64_t)(object)                                                                 \
    }
const struct trapped_row trapped_rows[TRAPPED_COUNT] = {
    { .base = AT(&shared), .read_mask = 0x0000ffff, .write_mask = 0x0000ffff, .lock = 0 },
    { .base = AT(&shared), .read_mask = 0xffff0000, .write_mask = 0xffff0000, .lock = 0 },
    { .base = AT(&apart), .read_mask = 0x0000ffff, .write_mask = 0x0000ffff, .lock = 1 },
    { .base = AT(&apart), .read_mask = 0xffff0000, .write_mask = 0xffff0000, .lock = 1 },
};

static void *toggle(void *argument)
{
    uint32_t row = *(uint32_t *)argument;
    uint32_t mask = (uint32_t)trapped_rows[row].write_mask;
    uint32_t lost = 0;

    pthread_barrier_wait(&start);
    for (uint32_t round = 0; round < ROUNDS; round++) {
        uint32_t value = (round * 0x00010001u) & mask;

        trapped_ops[4].write(NULL, row, 0, 4, value | ~mask);
        lost += trapped_ops[4].read(NULL, row, 0, 4) != value;
    }
    CHECK_EQ(lost, 0);
    return NULL;
}

static void test_bits_of_others_are_not_lost(void)
{
    uint32_t rows[TRAPPED_COUNT] = { 0, 1, 2, 3 };
    pthread_t threads[TRAPPED_COUNT];

    CHECK(pthread_barrier_init(&start, NULL, TRAPPED_COUNT) == 0);
    for (uint32_t i = 0; i < TRAPPED_COUNT; i++) {
        CHECK(pthread_create(&threads[i], NULL, toggle, &rows[i]) == 0);
    }
    for (uint32_t i = 0; i < TRAPPED_COUNT; i++) {
        CHECK(pthread_join(threads[i], NULL) == 0);
    }
    CHECK_EQ(shared, (ROUNDS - 1) * 0x00010001u);
    CHECK_EQ(apart, (ROUNDS - 1) * 0x00010001u);
}

int main(void)
{
    TEST(test_bits_of_others_are_not_lost);
    return test_result();
}
