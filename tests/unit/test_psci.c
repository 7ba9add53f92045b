/* SPDX-License-Identifier: Apache-2.0 */
/* sources: vdev/call.c vdev/psci.c vdev/guest_memory.c tests/unit/fixture/vcpus.c
   tests/unit/fixture/platform.c arch/fake/[a-z]*.c */
/* defines: CONFIG_LOG_LEVEL_VALUE=2 */
#include "arch/fake/fake.h"
#include "arch/fast.h"
#include "tests/unit/check.h"
#include "tests/unit/fixture/psci_rows.h"

#define NOT_SUPPORTED UINT64_MAX
#define INVALID_PARAMETERS (UINT64_MAX - 1)
#define ALREADY_ON (UINT64_MAX - 3)
#define ON_PENDING (UINT64_MAX - 4)
#define INVALID_ADDRESS (UINT64_MAX - 8)

static struct vcpu *const caller = &vcpus[3]; /* of the VM with three vCPUs */

static void setup(void)
{
    fake_reset();
    fixture_vcpus_reset();
    fake_cpu_select(3);
    atomic_store(&caller->power, VCPU_ON);
}

static void versions(void)
{
    setup();
    CHECK_EQ(psci(caller, 0x84000000, 0, 0, 0), 0x10001);
    CHECK_EQ(psci(caller, 0x80000000, 0, 0, 0), 0x10002);
    CHECK_EQ(psci(caller, 0xdead000084000000, 0, 0, 0), 0x10001); /* W0 is the identifier */
    CHECK_EQ(psci(caller, 0x84000006, 0, 0, 0), 2);
    CHECK_EQ(caller->end, VCPU_END_NONE);
}

static void registers_are_preserved(void)
{
    setup();
    for (unsigned reg = 4; reg < 31; reg++) {
        caller->arch.x[reg] = reg;
    }
    CHECK_EQ(psci(caller, 0x84000000, 11, 12, 13), 0x10001);
    for (unsigned reg = 1; reg < 31; reg++) {
        CHECK_EQ(caller->arch.x[reg], reg < 4 ? reg + 10 : reg);
    }
}

static void unknown_calls(void)
{
    static const struct exit_call odd = { .smc = true, .immediate = 1 };

    setup();
    CHECK_EQ(psci(caller, 0x84000005, 0, 0, 0), NOT_SUPPORTED); /* MIGRATE */
    CHECK_EQ(psci(caller, 0x8400000e, 0, 0, 0), NOT_SUPPORTED); /* SYSTEM_SUSPEND */
    CHECK_EQ(psci(caller, 0xc4000000, 0, 0, 0), NOT_SUPPORTED); /* VERSION is 32-bit only */
    CHECK_EQ(psci(caller, 0xc4000002, 0, 0, 0), NOT_SUPPORTED);
    CHECK_EQ(psci(caller, 0x04000000, 0, 0, 0), NOT_SUPPORTED); /* a yielding call */
    CHECK_EQ(psci(caller, 0, 0, 0, 0), NOT_SUPPORTED);
    caller->arch.x[0] = 0x84000008;
    call_serve(caller, &odd);
    CHECK_EQ(caller->arch.x[0], NOT_SUPPORTED);
    CHECK_EQ(caller->end, VCPU_END_NONE);
}

/* By HVC #0 alone, with arguments in full width. */
static void axvm_calls_go_elsewhere(void)
{
    static const struct exit_call by_smc = { .smc = true, .immediate = 0 };
    static const struct exit_call by_hvc1 = { .smc = false, .immediate = 1 };

    setup();
    CHECK_EQ(psci(caller, 2, 0, 0, 0), NOT_SUPPORTED);
    CHECK_EQ(psci(caller, 3, UINT64_C(0x1000000000), 0, 0), UINT64_C(0x1000000003));
    CHECK_EQ(psci(caller, 6, 0, 0, 0), 6);
    CHECK_EQ(psci(caller, 7, 0, 0, 0), NOT_SUPPORTED);
    caller->arch.x[0] = 3;
    call_serve(caller, &by_smc);
    CHECK_EQ(caller->arch.x[0], NOT_SUPPORTED);
    caller->arch.x[0] = 3;
    call_serve(caller, &by_hvc1);
    CHECK_EQ(caller->arch.x[0], NOT_SUPPORTED);
}

static void features(void)
{
    static const uint32_t known[] = {
        0x84000000, 0x84000001, 0xc4000001, 0x84000002, 0x84000003,
        0xc4000003, 0x84000004, 0xc4000004, 0x84000006, 0x84000008,
        0x84000009, 0x8400000a, 0x84000012, 0xc4000012, 0x80000000,
    };

    setup();
    for (unsigned i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        CHECK_EQ(psci(caller, 0x8400000a, known[i], 0, 0), 0);
    }
    CHECK_EQ(psci(caller, 0x8400000a, 0x84000005, 0, 0), NOT_SUPPORTED);
    CHECK_EQ(psci(caller, 0x8400000a, 0x84000010, 0, 0), NOT_SUPPORTED);
    CHECK_EQ(psci(caller, 0x80000001, 0x80000000, 0, 0), 0);
    CHECK_EQ(psci(caller, 0x80000001, 0x80000001, 0, 0), 0);
    CHECK_EQ(psci(caller, 0x80000001, 0x80001234, 0, 0), NOT_SUPPORTED);
}

/* On a board whose CPUs need none: 1, not needed, and -2, not required. */
static void workarounds(void)
{
    setup();
    CHECK_EQ(psci(caller, 0x80000001, 0x80008000, 0, 0), 1);
    CHECK_EQ(psci(caller, 0x80000001, 0x80007fff, 0, 0), -2);
    CHECK_EQ(psci(caller, 0x80000001, 0x80003fff, 0, 0), 1);
    CHECK_EQ(psci(caller, 0x80008000, 0, 0, 0), 0);
    CHECK_EQ(psci(caller, 0x80007fff, 1, 0, 0), NOT_SUPPORTED);
    CHECK_EQ(psci(caller, 0x80003fff, 0, 0, 0), 0);
}

static void cpu_on_starts_once(void)
{
    setup();
    CHECK_EQ(psci(caller, 0xc4000004, 1, 0, 0), 1);
    CHECK_EQ(psci(caller, 0xc4000003, 1, 0x4000fffc, UINT64_MAX), 0);
    CHECK_EQ(vcpus[4].start_entry, 0x4000fffc);
    CHECK_EQ(vcpus[4].start_arg, UINT64_MAX);
    CHECK_EQ(atomic_load(&vcpus[4].power), VCPU_ON_PENDING);
    CHECK_EQ(atomic_load(&vcpus[4].requests), VCPU_REQUEST_START);
    CHECK(fake_called(FAKE_CALL_IPI, 4, 0));
    CHECK_EQ(psci(caller, 0xc4000004, 1, 0, 0), 2);
    CHECK_EQ(psci(caller, 0xc4000003, 1, 0x40000000, 0), ON_PENDING);
    CHECK_EQ(vcpus[4].start_entry, 0x4000fffc);
    atomic_store(&vcpus[4].power, VCPU_CLAIMED);
    CHECK_EQ(psci(caller, 0xc4000004, 1, 0, 0), 2);
    CHECK_EQ(psci(caller, 0xc4000003, 1, 0x40000000, 0), ON_PENDING);
    atomic_store(&vcpus[4].power, VCPU_ON);
    CHECK_EQ(psci(caller, 0xc4000004, 1, 0, 0), 0);
    CHECK_EQ(psci(caller, 0xc4000003, 1, 0x40000000, 0), ALREADY_ON);
    CHECK_EQ(psci(caller, 0xc4000003, 0, 0x40000000, 0), ALREADY_ON); /* the caller itself */
}

static void cpu_on_checks_arguments(void)
{
    static const uint64_t bad[] = { 0,          0x3ffffffc, 0x40010000,    0x40000002,
                                    0x80001000, UINT64_MAX, UINT64_MAX - 3 };

    setup();
    CHECK_EQ(psci(caller, 0xc4000003, 0x100, 0x40000000, 0), INVALID_PARAMETERS); /* of VM 1 */
    CHECK_EQ(psci(caller, 0xc4000003, 2, 0x40000000, 0), INVALID_PARAMETERS);
    CHECK_EQ(psci(caller, 0xc4000003, 0x100000001, 0x40000000, 0), INVALID_PARAMETERS);
    for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        CHECK_EQ(psci(caller, 0xc4000003, 1, bad[i], 0), INVALID_ADDRESS);
    }
    CHECK_EQ(atomic_load(&vcpus[4].power), VCPU_OFF);
    CHECK_EQ(fake_calls(FAKE_CALL_IPI), 0);
    CHECK_EQ(psci(caller, 0xc4000003, UINT64_C(0x500000002), 0x80000ffc, 0), 0);
    CHECK_EQ(atomic_load(&vcpus[5].power), VCPU_ON_PENDING);
}

static void narrow_calls_use_words(void)
{
    setup();
    CHECK_EQ(psci(caller, 0x84000003, 0xffffffff00000001, 0xffffffff40000000, 0xffffffff00000007),
             0);
    CHECK_EQ(vcpus[4].start_entry, 0x40000000);
    CHECK_EQ(vcpus[4].start_arg, 7);
    CHECK_EQ(psci(caller, 0x84000004, 0xffffffff00000001, UINT64_C(0x500000000), 0), 2);
    CHECK_EQ(psci(caller, 0xc4000004, 0xffffffff00000001, 0, 0), INVALID_PARAMETERS);
    CHECK_EQ(psci(caller, 0x84000004, 1, 1, 0), INVALID_PARAMETERS); /* affinity level 1 */
}

static void suspend_is_standby(void)
{
    setup();
    CHECK_EQ(psci(caller, 0xc4000001, 0, 0, 0), 0);
    CHECK_EQ(psci(caller, 0x84000001, 0x01010001, 0x40000000, 0), 0);
    CHECK_EQ(psci(caller, 0x84000001, 0x00020000, 0, 0), INVALID_PARAMETERS);
    CHECK_EQ(caller->end, VCPU_END_NONE);
}

static void ends(void)
{
    setup();
    psci(caller, 0x84000002, 0, 0, 0);
    CHECK_EQ(caller->end, VCPU_END_CPU_OFF);
    psci(caller, 0x84000008, 0, 0, 0);
    CHECK_EQ(caller->end, VCPU_END_OFF);
    psci(caller, 0x84000009, 0, 0, 0);
    CHECK_EQ(caller->end, VCPU_END_RESET);
    caller->end = VCPU_END_NONE;
    CHECK_EQ(psci(caller, 0x84000012, 0x80000000, 0, 0), INVALID_PARAMETERS);
    CHECK_EQ(psci(caller, 0xc4000012, 1, 0, 0), INVALID_PARAMETERS);
    CHECK_EQ(caller->end, VCPU_END_NONE);
    psci(caller, 0xc4000012, 0, 0, 0);
    CHECK_EQ(caller->end, VCPU_END_RESET);
}

static void the_hypervisor_s_own_calls(void)
{
    setup();
    CHECK_EQ(psci(caller, 0x8600ff01, 0, 0, 0), 0x5728d332);
    CHECK_EQ(caller->arch.x[1], 0x47530514);
    CHECK_EQ(caller->arch.x[2], 0x63cd3693);
    CHECK_EQ(caller->arch.x[3], 0xc04bebfd);
    CHECK_EQ(psci(caller, 0x8600ff03, 7, 7, 0), 1);
    CHECK_EQ(caller->arch.x[1], 0);
    CHECK_EQ(psci(caller, 0xc6000001, 3, 0, 0), 0x301);
    CHECK_EQ(psci(caller, 0x06000001, 3, 0, 0), NOT_SUPPORTED); /* a yielding call */
    CHECK_EQ(psci(caller, 0xc5000001, 3, 0, 0), NOT_SUPPORTED); /* standard hypervisor service */
}

/* A short way's answer is the long way's, and it answers what changes nothing; where unknown calls
 * are logged (LOG_DEBUG), they take none. */
static void short_ways(void)
{
    static const uint32_t answered[] = { 0x8400000a, 0x84000005, 0x8400000e, 0xc4000000,
                                         0xc4000002, 0x04000000, 0,          2,
                                         7,          0x83000000, 0x87000000, 0x8400ff00 };
    static const uint32_t declined[] = { 0x84000000, 0x84000001, 0x84000002, 0x84000003, 0xc4000003,
                                         0x84000004, 0x84000006, 0x84000008, 0x84000009, 0x84000012,
                                         0xc4000012, 0x80000000, 0x80000001, 3,          6,
                                         0x80008000, 0x80007fff, 0x80003fff, 0x8600ff01, 0x8600ff03,
                                         0xc6000000, 0x86000000 };

    setup();
    for (unsigned n = 0; n < sizeof(answered) / sizeof(answered[0]); n++) {
        for (uint64_t arg = 0x83fffff8; arg < 0x84000020; arg++) {
            CHECK_EQ(fast_call(caller, answered[n], arg), psci(caller, answered[n], arg, 0, 0));
        }
    }
    CHECK_EQ(fast_call(caller, 0x8400000a, 0x84000002), 0);
    CHECK_EQ(fast_call(caller, 0x8400000a, 0x80000000), 0);
    CHECK_EQ(fast_call(caller, 0x8400000a, 0xc4000002), NOT_SUPPORTED);
    CHECK_EQ(fast_call(caller, 0x8400000e, 0), NOT_SUPPORTED);
    for (unsigned n = 0; n < sizeof(declined) / sizeof(declined[0]); n++) {
        CHECK_EQ(fast_call(caller, declined[n], 0), FAST_CALL_DECLINED);
    }
    CHECK_EQ(caller->end, VCPU_END_NONE);
}

int main(void)
{
    TEST(versions);
    TEST(registers_are_preserved);
    TEST(unknown_calls);
    TEST(axvm_calls_go_elsewhere);
    TEST(the_hypervisor_s_own_calls);
    TEST(features);
    TEST(workarounds);
    TEST(short_ways);
    TEST(cpu_on_starts_once);
    TEST(cpu_on_checks_arguments);
    TEST(narrow_calls_use_words);
    TEST(suspend_is_standby);
    TEST(ends);
    return test_result();
}
