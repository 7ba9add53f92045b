/* SPDX-License-Identifier: Apache-2.0 */
/* sources: arch/aarch64/speculation_choice.c tests/unit/fixture/platform.c */
#include "arch/aarch64/speculation.h"
#include "gen/rows.h"
#include "tests/unit/check.h"

#define ALL (ARCH_WEAK_TARGETS | ARCH_WEAK_STORES | ARCH_WEAK_HISTORY)
#define LATER (ARCH_WEAK_STORES | ARCH_WEAK_HISTORY)

struct wanted {
    uint32_t weaknesses, branches, csv2;
    int32_t firmware[3];
    struct speculation is;
};

#define CALL_1 SPECULATION_WORKAROUND_1
#define CALL_3 SPECULATION_WORKAROUND_3

static const struct wanted table[] = {
    /* Cortex-A53, among others: nothing, whatever firmware says */
    { 0, 0, 0, { -1, -1, -1 }, { { 0, 0 }, { 1, -2, 1 } } },
    { 0, 0, 0, { 0, 0, 0 }, { { 0, 0 }, { 1, -2, 1 } } },
    /* Cortex-A72 r0: without firmware, with an older one, with a newer one */
    { ALL, 8, 0, { -1, -1, -1 }, { { 0, 8 }, { -1, -1, -1 } } },
    { ALL, 8, 0, { 0, 1, -1 }, { { CALL_1, 0 }, { 0, -2, -1 } } },
    { ALL, 8, 0, { 0, 0, 0 }, { { CALL_3, 0 }, { 0, -2, 0 } } },
    { ALL, 8, 0, { 1, -2, 1 }, { { 0, 8 }, { 1, -2, 1 } } },
    /* Cortex-A72 r1: branch targets are safe */
    { ALL, 8, 1, { 1, 1, 0 }, { { 0, 8 }, { 1, -2, 0 } } },
    /* Cortex-A73: no loop helps */
    { ALL, 0, 0, { -1, -1, -1 }, { { 0, 0 }, { -1, -1, -1 } } },
    { ALL, 0, 0, { 0, 1, -1 }, { { CALL_1, 0 }, { 0, -2, -1 } } },
    { ALL, 0, 0, { 0, 1, 0 }, { { CALL_3, 0 }, { 0, -2, 0 } } },
    { ALL, 0, 1, { 1, 1, 0 }, { { CALL_3, 0 }, { 1, -2, 0 } } },
    /* Neoverse N1, and one whose histories are safe */
    { LATER, 24, 1, { -1, -1, -1 }, { { 0, 24 }, { 1, -1, -1 } } },
    { LATER, 24, 3, { 0, 0, 0 }, { { 0, 0 }, { 1, -2, 1 } } },
};

static void choices(void)
{
    for (unsigned n = 0; n < sizeof(table) / sizeof(table[0]); n++) {
        const struct wanted *want = &table[n];
        struct speculation got;

        speculation_choose(want->weaknesses, want->branches, want->csv2, want->firmware, &got);
        CHECK_EQ(got.entry.call, want->is.entry.call);
        CHECK_EQ(got.entry.branches, want->is.entry.branches);
        for (unsigned i = 0; i < 3; i++) {
            CHECK_EQ(got.features[i], want->is.features[i]);
        }
    }
}

/* Whatever core and firmware: a guest that is told to call gets it done on its way in, and nothing
 * is called that firmware has not. */
static void promises(void)
{
    static const uint32_t branches[] = { 0, 8 };

    for (uint32_t n = 0; n < 8u * 2 * 4 * 64; n++) {
        int32_t firmware[3];
        struct speculation got;

        for (unsigned i = 0; i < 3; i++) {
            firmware[i] = (int32_t)(n >> (6 + 2 * i) & 3) - 2;
        }
        speculation_choose(n & 7, branches[n >> 3 & 1], n >> 4 & 3, firmware, &got);
        CHECK(got.features[0] != 0 || got.entry.call != 0);
        CHECK(got.features[2] != 0 || got.entry.call != 0 || got.entry.branches != 0);
        CHECK(got.entry.call != CALL_1 || firmware[0] == 0);
        CHECK(got.entry.call != CALL_3 || firmware[2] == 0);
        CHECK(got.features[1] < 0);
    }
}

int main(void)
{
    TEST(choices);
    TEST(promises);
    return test_result();
}
