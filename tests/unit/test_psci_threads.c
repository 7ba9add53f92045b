/* SPDX-License-Identifier: Apache-2.0 */
/* sources: vdev/call.c vdev/psci.c vdev/guest_memory.c tests/unit/fixture/vcpus.c
   tests/unit/fixture/platform.c
   arch/fake/[a-z]*.c */
#include "arch/fake/fake.h"
#include "tests/unit/check.h"
#include "tests/unit/fixture/psci_rows.h"

#include <pthread.h>
#include <sched.h>

/* Two vCPUs race to turn the third on, which turns itself off again: of the calls for each start
 * one succeeds, and the started vCPU sees that caller's entry and context, whole. */

#define STARTS 3000u
#define ENTRY UINT64_C(0x40000000)

static struct vcpu *const target = &vcpus[5];
static _Atomic uint32_t successes;
static _Atomic bool done;

static void *call_on(void *argument)
{
    uint32_t index = *(const uint32_t *)argument;
    struct vcpu *vcpu = &vcpus[index];

    fake_cpu_select(vcpu->row->pcpu);
    for (uint64_t n = 0; !atomic_load(&done); n++) {
        uint64_t tag = (n << 1 | (index & 1)) % 0x1000;
        uint64_t answer = psci(vcpu, 0xc4000003, target->row->guest_id, ENTRY + 4 * tag, tag);

        CHECK(answer == 0 || answer == UINT64_MAX - 3 || answer == UINT64_MAX - 4);
        if (answer == 0) {
            atomic_fetch_add(&successes, 1);
        }
    }
    return NULL;
}

static void *start_and_stop(void *argument)
{
    (void)argument;
    fake_cpu_select(target->row->pcpu);
    for (uint32_t starts = 0; starts < STARTS; starts++) {
        uint32_t pending = VCPU_ON_PENDING;
        while (!atomic_compare_exchange_strong(&target->power, &pending, VCPU_ON)) {
            pending = VCPU_ON_PENDING;
            sched_yield();
        }
        CHECK_EQ(target->start_entry, ENTRY + 4 * target->start_arg);
        atomic_store(&target->power, starts + 1 < STARTS ? VCPU_OFF : VCPU_ON);
    }
    atomic_store(&done, true);
    return NULL;
}

static void racing_calls_start_once(void)
{
    static const uint32_t callers[2] = { 3, 4 };
    pthread_t threads[3];

    fake_reset();
    fixture_vcpus_reset();
    for (unsigned i = 0; i < 2; i++) {
        void *argument = (void *)(uintptr_t)&callers[i];
        CHECK_EQ(pthread_create(&threads[i], NULL, call_on, argument), 0);
    }
    CHECK_EQ(pthread_create(&threads[2], NULL, start_and_stop, NULL), 0);
    for (unsigned i = 0; i < 3; i++) {
        pthread_join(threads[i], NULL);
    }
    CHECK_EQ(atomic_load(&successes), STARTS);
}

int main(void)
{
    TEST(racing_calls_start_once);
    return test_result();
}
