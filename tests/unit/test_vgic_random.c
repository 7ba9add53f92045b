/* SPDX-License-Identifier: Apache-2.0 */
/* sources: vdev/vgic[.3_]*c arch/fake/[a-z]*.c tests/unit/fixture/tables.c
 * tests/unit/fixture/vcpus.c tests/unit/fixture/vgic_guest.c tests/unit/fixture/devices.c
 * tests/unit/fixture/platform.c tests/unit/fixture/vgic_model.c */
#include "tests/unit/check.h"
#include "tests/unit/fixture/vgic_guest.h"
#include "tests/unit/fixture/vgic_model.h"

/* Random traces, without and with short ways (arch/fast.h), and with less to disturb these;
 * tests/fuzz/vgic.c looks for others. */

#define STEPS 3000u
#define SEEDS 12u
#define FAST_AT_LEAST 1000u /* answers by short ways, where these are on */

static uint64_t random_state;

static uint32_t random_below(uint32_t limit)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (uint32_t)(random_state >> 33) % limit;
}

static void traces(void)
{
    static const uint32_t lr_counts[] = { 1, 2, 4, 16 };

    for (uint32_t seed = 0; seed < SEEDS; seed++) {
        fprintf(stderr, "seed %u\n", seed);
        random_state = UINT64_C(0x9e3779b97f4a7c15) * (seed + 1);
        vgic_model_start(lr_counts[seed % 4], random_below);
        for (uint32_t i = 0; i < STEPS; i++) {
            vgic_model_step();
        }
        vgic_model_drain();
    }
}

int main(void)
{
    TEST(traces);
    guest_fast = true;
    TEST(traces);
    vgic_model_calm = 20;
    TEST(traces);
    CHECK(atomic_load(&guest_fast_count) > FAST_AT_LEAST);
    return test_result();
}
