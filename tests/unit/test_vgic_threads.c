/* SPDX-License-Identifier: Apache-2.0 */
/* sources: vdev/vgic[.3_]*c arch/fake/[a-z]*.c tests/unit/fixture/tables.c
 * tests/unit/fixture/vcpus.c tests/unit/fixture/vgic_guest.c tests/unit/fixture/devices.c
 * tests/unit/fixture/platform.c */
#include <pthread.h>
#include <sched.h>
#include <unistd.h>

#include "tests/unit/check.h"
#include "tests/unit/fixture/vgic_guest.h"

/*
 * Three vCPUs of VM 2, a thread each, at the same time: they send each other SGIs, enable, disable,
 * reroute and read SPIs that others have loaded (recalls), go off and on; a CPU of another VM posts
 * SPIs meanwhile.  Every request has a token that who takes the interrupt clears: at the end none
 * is left, and no interrupt came without a request.  Deadlocks end by the alarm.
 */

#define FIRST 3u
#define VCPUS 3u
#define ROUNDS 3000u
#define SPI_FIRST 64u
#define SPI_COUNT 16u
#define SGI_COUNT 4u
#define NONE ARCH_IRQ_SPURIOUS
#define DEADLINE_SECONDS 500u

static const uint64_t affinities[VCPUS] = { 0x000, 0x011, UINT64_C(0x5000040312) };
/* SGI target of each: Aff3.2.1, range selector, list. */
static const uint64_t targets[VCPUS] = {
    UINT64_C(1),
    UINT64_C(1) << 44 | UINT64_C(1) << 1,
    UINT64_C(0x50) << 48 | UINT64_C(0x04) << 32 | UINT64_C(0x03) << 16 | UINT64_C(1) << 44 |
        UINT64_C(1) << 2,
};

static _Atomic uint32_t spi_sent[SPI_COUNT];
static _Atomic uint32_t spi_token[SPI_COUNT];
static _Atomic uint32_t spi_taken[SPI_COUNT];
static _Atomic uint32_t sgi_token[VCPUS][SGI_COUNT];
static _Atomic uint32_t sgi_sent[VCPUS][SGI_COUNT];
static _Atomic uint32_t sgi_taken[VCPUS][SGI_COUNT];
static _Atomic uint32_t busy; /* threads that still make requests */
static _Atomic bool finished;

static uint32_t random_below(uint64_t *state, uint32_t limit)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return (uint32_t)(*state >> 33) % limit;
}

/* Takes everything that is signalled.  The token is cleared after the acknowledge and before the
 * end: a request that comes later finds the interrupt active, and pends it again. */
static void serve(uint32_t self)
{
    for (uint32_t intid = guest_iar(FIRST + self); intid != NONE; intid = guest_iar(FIRST + self)) {
        if (intid < SGI_COUNT) {
            atomic_store(&sgi_token[self][intid], 0);
            atomic_fetch_add(&sgi_taken[self][intid], 1);
        } else if (CHECK(intid >= SPI_FIRST && intid < SPI_FIRST + SPI_COUNT)) {
            atomic_store(&spi_token[intid - SPI_FIRST], 0);
            atomic_fetch_add(&spi_taken[intid - SPI_FIRST], 1);
        }
        guest_eoi(FIRST + self, intid);
    }
}

static void send(uint32_t self, uint32_t target, uint32_t sgi)
{
    atomic_fetch_add(&sgi_sent[target][sgi], 1);
    atomic_store(&sgi_token[target][sgi], 1);
    guest_sgi(FIRST + self, (uint64_t)sgi << 24 | targets[target]);
}

static void act(uint32_t self, uint64_t *random)
{
    uint32_t spi = SPI_FIRST + random_below(random, SPI_COUNT);
    uint32_t vcpu = FIRST + self;

    switch (random_below(random, 10)) {
    case 0:
        guest_route(vcpu, spi, affinities[random_below(random, VCPUS)]);
        break;
    case 1:
        guest_set(vcpu, GUEST_DISABLE, spi);
        guest_set(vcpu, GUEST_ENABLE, spi);
        break;
    case 2:
        (void)guest_get(vcpu, GUEST_ACTIVATE, spi);
        (void)guest_get(vcpu, GUEST_PEND, spi);
        break;
    case 3:
        guest_priority(vcpu, spi, (uint8_t)(8 * random_below(random, 30)));
        break;
    case 4:
        vgic_vcpu_park(guest_vcpu(vcpu));
        sched_yield();
        vgic_vcpu_reset(guest_vcpu(vcpu));
        break;
    case 5:
        (void)guest_redist_read(vcpu, random_below(random, VCPUS), 0x10000 + GUEST_PEND, 4);
        break;
    case 6:
        guest_dist_write(vcpu, 0, 4, 2);
        break;
    default:
        send(self, random_below(random, VCPUS), random_below(random, SGI_COUNT));
        break;
    }
}

static void *vcpu_thread(void *argument)
{
    uint32_t self = *(const uint32_t *)argument;
    uint64_t random = UINT64_C(0x9e3779b97f4a7c15) * (self + 1);

    for (uint32_t i = 0; i < ROUNDS; i++) {
        serve(self);
        act(self, &random);
    }
    atomic_fetch_sub(&busy, 1);
    while (!atomic_load(&finished)) {
        serve(self);
        sched_yield();
    }
    serve(self);
    return NULL;
}

static void *poster_thread(void *argument)
{
    uint64_t random = 12345;

    (void)argument;
    fake_cpu_select(0);
    for (uint32_t i = 0; i < 2 * ROUNDS; i++) {
        uint32_t spi = random_below(&random, SPI_COUNT);

        atomic_fetch_add(&spi_sent[spi], 1);
        atomic_store(&spi_token[spi], 1);
        vgic_post(2, SPI_FIRST + spi);
        sched_yield();
    }
    atomic_fetch_sub(&busy, 1);
    return NULL;
}

static uint32_t tokens_left(void)
{
    uint32_t left = 0;

    for (uint32_t i = 0; i < SPI_COUNT; i++) {
        left += atomic_load(&spi_token[i]);
    }
    for (uint32_t i = 0; i < VCPUS; i++) {
        for (uint32_t n = 0; n < SGI_COUNT; n++) {
            left += atomic_load(&sgi_token[i][n]);
        }
    }
    return left;
}

static void prepare(void)
{
    guest_start(2);
    atomic_store(&finished, false);
    for (uint32_t i = 0; i < SPI_COUNT; i++) {
        guest_edge(FIRST, SPI_FIRST + i, true);
    }
    for (uint32_t i = 0; i < VCPUS; i++) {
        guest_redist_write(FIRST + i, i, 0x10000 + GUEST_ENABLE, 4, 0xffff);
    }
    guest_dist_write(FIRST, GUEST_ENABLE + 4 * (SPI_FIRST / 32), 4, 0xffff);
}

static void concurrent(void)
{
    static uint32_t numbers[VCPUS] = { 0, 1, 2 };
    pthread_t threads[VCPUS + 1];

    prepare();
    atomic_store(&busy, VCPUS + 1);
    for (uint32_t i = 0; i < VCPUS; i++) {
        CHECK_EQ(pthread_create(&threads[i], NULL, vcpu_thread, &numbers[i]), 0);
    }
    CHECK_EQ(pthread_create(&threads[VCPUS], NULL, poster_thread, NULL), 0);
    while (atomic_load(&busy) != 0) {
        usleep(1000);
    }
    for (uint32_t i = 0; i < 5000 && tokens_left() != 0; i++) {
        usleep(1000);
    }
    CHECK_EQ(tokens_left(), 0);
    atomic_store(&finished, true);
    for (uint32_t i = 0; i <= VCPUS; i++) {
        CHECK_EQ(pthread_join(threads[i], NULL), 0);
    }
    for (uint32_t i = 0; i < SPI_COUNT; i++) {
        CHECK(atomic_load(&spi_taken[i]) <= atomic_load(&spi_sent[i]));
    }
    for (uint32_t i = 0; i < VCPUS * SGI_COUNT; i++) {
        uint32_t taken = atomic_load(&sgi_taken[i / SGI_COUNT][i % SGI_COUNT]);

        CHECK(taken <= atomic_load(&sgi_sent[i / SGI_COUNT][i % SGI_COUNT]));
    }
}

int main(void)
{
    alarm(DEADLINE_SECONDS);
    TEST(concurrent);
    guest_fast = true;
    TEST(concurrent);
    return test_result();
}
