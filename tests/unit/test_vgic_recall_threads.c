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
 * Recalls are exact: when vCPU A's access to the distributor is done, vCPU B, on another CPU, has
 * in its list registers what A's access says; also when B goes off and on meanwhile.
 */

#define A 3u
#define B 4u
#define B_AFFINITY 0x11u
#define SPI 70u
#define ROUNDS 300u
#define NONE ARCH_IRQ_SPURIOUS
#define DEADLINE_SECONDS 500u

static _Atomic uint32_t b_ready; /* rounds that B has set up */
static _Atomic uint32_t a_done;  /* rounds in which A's access is done */

static void *a_changes(void *argument)
{
    (void)argument;
    for (uint32_t round = 1; round <= ROUNDS; round++) {
        guest_set(A, GUEST_ENABLE, SPI);
        vgic_post(2, SPI);
        while (atomic_load(&b_ready) != round) {
            guest_exit(A);
            sched_yield();
        }
        switch (round % 3) {
        case 0:
            guest_set(A, GUEST_DISABLE, SPI);
            break;
        case 1:
            guest_set(A, GUEST_UNPEND, SPI);
            break;
        default:
            guest_dist_write(A, 0, 4, 1); /* without group 1 */
            break;
        }
        atomic_store(&a_done, round);
        while (atomic_load(&b_ready) == round) {
            sched_yield();
        }
        guest_set(A, GUEST_UNPEND, SPI);
        guest_dist_write(A, 0, 4, 3);
    }
    return NULL;
}

/* While A's access goes on: exits, or goes off and on. */
static void b_serves(uint32_t turn)
{
    if (turn % 4 == 3) {
        vgic_vcpu_park(guest_vcpu(B));
        vgic_vcpu_reset(guest_vcpu(B));
    } else {
        guest_exit(B);
    }
}

static void *b_obeys(void *argument)
{
    (void)argument;
    for (uint32_t round = 1; round <= ROUNDS; round++) {
        guest_exit(B);
        while (!fake_guest_irq()) {
            sched_yield();
            guest_exit(B);
        }
        atomic_store(&b_ready, round);
        for (uint32_t turn = round; atomic_load(&a_done) != round; turn++) {
            b_serves(turn);
        }
        CHECK(!fake_guest_irq());
        atomic_store(&b_ready, 0);
        while (atomic_load(&b_ready) == 0 && round < ROUNDS && !fake_guest_irq()) {
            guest_exit(B);
            sched_yield();
        }
    }
    for (uint32_t turn = 0; turn < 1000; turn++) {
        guest_exit(B); /* answers A's last accesses */
        usleep(100);
    }
    vgic_vcpu_park(guest_vcpu(B));
    return NULL;
}

/* B has it active, then has ended it without an exit: A reads just that. */
static void *a_reads(void *argument)
{
    (void)argument;
    for (uint32_t round = 1; round <= ROUNDS; round++) {
        vgic_post(2, SPI);
        while (atomic_load(&b_ready) != 2 * round) {
            guest_exit(A);
            sched_yield();
        }
        CHECK(guest_get(A, GUEST_ACTIVATE, SPI));
        atomic_store(&a_done, 2 * round);
        while (atomic_load(&b_ready) != 2 * round + 1) {
            guest_exit(A);
            sched_yield();
        }
        CHECK(!guest_get(A, GUEST_ACTIVATE, SPI));
        atomic_store(&a_done, 2 * round + 1);
    }
    return NULL;
}

static void *b_takes(void *argument)
{
    (void)argument;
    for (uint32_t round = 1; round <= ROUNDS; round++) {
        while (guest_iar(B) != SPI) {
            sched_yield();
        }
        atomic_store(&b_ready, 2 * round);
        while (atomic_load(&a_done) != 2 * round) {
            guest_exit(B);
        }
        fake_guest_eoi(SPI);
        atomic_store(&b_ready, 2 * round + 1);
        while (atomic_load(&a_done) != 2 * round + 1) {
            guest_exit(B);
        }
    }
    return NULL;
}

static void run(void *(*a)(void *), void *(*b)(void *))
{
    pthread_t threads[2];

    guest_start(2);
    vgic_vcpu_park(guest_vcpu(B + 1));
    guest_edge(A, SPI, true);
    guest_route(A, SPI, B_AFFINITY);
    guest_set(A, GUEST_ENABLE, SPI);
    atomic_store(&b_ready, 0);
    atomic_store(&a_done, 0);
    CHECK_EQ(pthread_create(&threads[0], NULL, a, NULL), 0);
    CHECK_EQ(pthread_create(&threads[1], NULL, b, NULL), 0);
    CHECK_EQ(pthread_join(threads[0], NULL), 0);
    CHECK_EQ(pthread_join(threads[1], NULL), 0);
}

static void changes_are_exact(void)
{
    run(a_changes, b_obeys);
}

static void reads_are_exact(void)
{
    run(a_reads, b_takes);
}

int main(void)
{
    alarm(DEADLINE_SECONDS);
    TEST(changes_are_exact);
    TEST(reads_are_exact);
    return test_result();
}
