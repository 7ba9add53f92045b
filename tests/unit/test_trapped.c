/* SPDX-License-Identifier: Apache-2.0 */
/* sources: vdev/trapped.c arch/fake/[a-z]*.c tests/unit/fixture/platform.c */
#include "arch/fake/fake.h"
#include "gen/rows.h"
#include "tests/unit/check.h"
#include "vdev/trapped.h"

#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/mman.h>
#include <tables.h>

/* Two registers as two VMs share them; a set register; one that a VM has whole; nothing. */
static uint32_t shared[2];
static uint32_t set_register;
static uint32_t ones_register;
static uint16_t narrow[2];
static uint64_t wide;
/* The second page is closed: who reaches over the end of the first one faults. */
#define PAGE 4096u
static _Alignas(PAGE) uint8_t pages[2 * PAGE];

enum {
    ALPHA,
    BETA,
    SETTER,
    ONES,
    NARROW,
    WIDE,
    READER,
    NOTHING,
    FIRST_PAGE,
    SLOW,
    OTHER_LOCK,
    WHOLE
};

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
    [FIRST_PAGE] = { .base = AT(pages),
                     .read_mask = UINT64_MAX,
                     .write_mask = UINT64_MAX,
                     .lock = -1 },
    [SLOW] = { .base = AT(pages + PAGE), .write_mask = 1, .lock = 0 },
    [WHOLE] = { .base = AT(&ones_register), .write_mask = 0xffffffff, .lock = 0 },
    [OTHER_LOCK] = { .base = AT(&narrow), .write_mask = 1, .lock = 1 },
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

/* A device may have other registers right beside: a wider access would reach these. */
static void test_no_byte_more_than_asked_for(void)
{
    for (unsigned size = 1; size <= 8; size *= 2) {
        uint64_t ones = UINT64_MAX >> (64 - 8 * size);

        CHECK_EQ(mprotect(pages + PAGE, PAGE, PROT_NONE), 0);
        set(FIRST_PAGE, PAGE - size, size, ones);
        CHECK_EQ(get(FIRST_PAGE, PAGE - size, size), ones);
        CHECK_EQ(mprotect(pages + PAGE, PAGE, PROT_READ | PROT_WRITE), 0);
        set(FIRST_PAGE, PAGE - size, size, 0);
    }
    for (unsigned n = 0; n < sizeof(pages); n++) {
        CHECK_EQ(pages[n], 0);
    }
}

static sem_t inside;   /* somebody reads the closed page, */
static sem_t go_on;    /* and waits there for this */
static sem_t progress; /* the other one waits, or is done */
static _Atomic bool waited;

static void at_closed_page(int number)
{
    (void)number;
    sem_post(&inside);
    sem_wait(&go_on);
    mprotect(pages + PAGE, PAGE, PROT_READ | PROT_WRITE);
}

static void while_it_waits(void)
{
    if (!atomic_exchange(&waited, true)) {
        sem_post(&progress);
    }
    sched_yield();
}

static void *write_one(void *row)
{
    set(*(const uint32_t *)row, 0, 4, 1);
    sem_post(&progress);
    return NULL;
}

/* Does a write to `row` wait for one to SLOW that has read and not yet written back? */
static bool waits_for_slow(uint32_t row)
{
    uint32_t slow = SLOW;
    pthread_t first;
    pthread_t second;

    atomic_store(&waited, false);
    mprotect(pages + PAGE, PAGE, PROT_NONE);
    CHECK_EQ(pthread_create(&first, NULL, write_one, &slow), 0);
    sem_wait(&inside);
    CHECK_EQ(pthread_create(&second, NULL, write_one, &row), 0);
    sem_wait(&progress);
    bool result = atomic_load(&waited);

    sem_post(&go_on);
    sem_wait(&progress);
    pthread_join(first, NULL);
    pthread_join(second, NULL);
    while (sem_trywait(&progress) == 0) {
    }
    return result;
}

static void test_who_shares_bits_shares_a_lock(void)
{
    struct sigaction closed = { .sa_handler = at_closed_page };
    struct sigaction before;

    sem_init(&inside, 0, 0);
    sem_init(&go_on, 0, 0);
    sem_init(&progress, 0, 0);
    fake_wait_set(while_it_waits);
    sigaction(SIGSEGV, &closed, &before);
    CHECK(waits_for_slow(ALPHA));
    CHECK(!waits_for_slow(OTHER_LOCK));
    CHECK(!waits_for_slow(NARROW));
    CHECK(!waits_for_slow(SETTER)); /* reads nothing that it would write back */
    CHECK(!waits_for_slow(WHOLE));  /* likewise: no bit of it is another's */
    sigaction(SIGSEGV, &before, NULL);
    fake_wait_set(NULL);
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
    TEST(test_no_byte_more_than_asked_for);
    TEST(test_who_shares_bits_shares_a_lock);
    TEST(test_what_is_not_granted_is_not_reached);
    TEST(test_each_set_of_widths_has_operations);
    return test_result();
}
