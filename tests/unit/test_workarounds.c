/* SPDX-License-Identifier: Apache-2.0 */
/* sources: vdev/call.c vdev/psci.c vdev/guest_memory.c tests/unit/fixture/vcpus.c
   tests/unit/fixture/platform.c arch/fake/[a-z]*.c */
/* defines: CONFIG_ARCH_SPECULATION=1 */
#include "arch/fake/fake.h"
#include "tests/unit/check.h"
#include "tests/unit/fixture/psci_rows.h"

/* What a guest is told on a board whose CPUs speculate by its traces is the architecture's answer.
 */

#define FEATURES 0x80000001u

static const uint32_t functions[3] = { 0x80008000u, 0x80007fffu, 0x80003fffu };

static int64_t call(uint32_t function, uint64_t arg)
{
    static const struct exit_call by_smc = { .smc = true, .immediate = 0 };
    struct vcpu *vcpu = &vcpus[0];

    vcpu->arch.x[0] = function;
    vcpu->arch.x[1] = arg;
    call_serve(vcpu, &by_smc);
    return (int64_t)vcpu->arch.x[0];
}

static void told(void)
{
    static const int32_t answers[4] = { -2, -1, 0, 1 };

    for (unsigned n = 0; n < 3; n++) {
        for (unsigned i = 0; i < 4; i++) {
            fake_workarounds[n] = answers[i];
            CHECK_EQ(call(FEATURES, functions[n]), answers[i]);
        }
    }
}

static void done(void)
{
    for (int32_t answer = -2; answer <= 1; answer++) {
        fake_workarounds[0] = answer;
        fake_workarounds[2] = -1;
        CHECK_EQ(call(functions[0], 0), answer < 0 ? -1 : 0);
        CHECK_EQ(call(functions[2], 0), -1);
        fake_workarounds[2] = answer;
        CHECK_EQ(call(functions[2], 0), answer < 0 ? -1 : 0);
        CHECK_EQ(call(functions[1], 0), -1); /* nobody switches it off */
    }
}

int main(void)
{
    fake_reset();
    TEST(told);
    TEST(done);
    return test_result();
}
