/* SPDX-License-Identifier: Apache-2.0 */
/* sources: vdev/eemi.c arch/fake/[a-z]*.c tests/unit/fixture/platform.c
 * tests/boot/zynqmp/mock.c */
#include "arch/fake/fake.h"
#include "tests/boot/zynqmp/mock.h"
#include "tests/unit/check.h"
#include "vdev/call.h"
#include "vdev/eemi.h"

#include <string.h>

/* VM 0 has UART1 (node 34, clock 57, reset 1035, pins 20 and 21), may read what clocks come from
 * and switch on the bus clock 31. VM 2 has clock 63 alone; VM 1 has no firmware. */
const struct vm_row vm_rows[VM_COUNT] = { { .name = "a" }, { .name = "b" }, { .name = "c" } };
const struct eemi_vm_row eemi_vm_rows[EEMI_VM_COUNT] = {
    { .vm = 0, .grant_first = 0, .grant_count = 7 },
    { .vm = 2, .grant_first = 7, .grant_count = 1 },
};
const struct eemi_grant_row eemi_grant_rows[EEMI_GRANT_COUNT] = {
    { .first = EEMI_KEY(EEMI_NODE, 34), .last = EEMI_KEY(EEMI_NODE, 34), .owned = true },
    { .first = EEMI_KEY(EEMI_CLOCK, 0), .last = EEMI_KEY(EEMI_CLOCK, 9), .owned = false },
    { .first = EEMI_KEY(EEMI_CLOCK, 31), .last = EEMI_KEY(EEMI_CLOCK, 31), .owned = false },
    { .first = EEMI_KEY(EEMI_CLOCK, 57), .last = EEMI_KEY(EEMI_CLOCK, 57), .owned = true },
    { .first = EEMI_KEY(EEMI_CLOCK, 76), .last = EEMI_KEY(EEMI_CLOCK, 100), .owned = false },
    { .first = EEMI_KEY(EEMI_RESET, 1035), .last = EEMI_KEY(EEMI_RESET, 1035), .owned = true },
    { .first = EEMI_KEY(EEMI_PIN, 20), .last = EEMI_KEY(EEMI_PIN, 21), .owned = true },
    { .first = EEMI_KEY(EEMI_CLOCK, 63), .last = EEMI_KEY(EEMI_CLOCK, 63), .owned = true },
};

static const struct vcpu_row row = { .index = 0 };
static struct vcpu vcpus_of[VM_COUNT];

#define REFUSED 2002u
#define NO_FEATURE 19u

static int64_t call(uint32_t vm, uint32_t api, uint32_t a, uint32_t b, uint32_t c)
{
    uint64_t args[2] = { a | (uint64_t)b << 32, c };
    struct vcpu *vcpu = &vcpus_of[vm];

    vcpu->vm_row = &vm_rows[vm];
    vcpu->row = &row;
    vcpu->vm = (uint16_t)vm;
    return eemi_call(vcpu, EEMI_CALL | api, args);
}

/* Whether firmware hears of the call. */
static bool reaches(uint32_t vm, uint32_t api, uint32_t a, uint32_t b, uint32_t c)
{
    uint32_t before = mock.calls;
    int64_t answer = call(vm, api, a, b, c);

    if (mock.calls == before) {
        CHECK_EQ(answer, REFUSED);
        CHECK_EQ(arch_reg_get(&vcpus_of[vm].arch, 1), 0);
        return false;
    }
    CHECK_EQ(mock.calls, before + 1);
    CHECK_EQ(mock.last, api);
    return true;
}

static void setup(void)
{
    fake_reset();
    memset(&mock, 0, sizeof(mock));
    memset(vcpus_of, 0, sizeof(vcpus_of));
    fake_firmware_set(mock_call);
}

static void results_come_back(void)
{
    setup();
    CHECK_EQ(call(0, 1, 0, 0, 0), INT64_C(0x1000000000000));
    CHECK_EQ(call(0, 35, 9, 0, 0), INT64_C(0x0000003174726175) | INT64_C(0x31) << 32);
    CHECK_EQ(call(0, 0xa03, 0, 0, 0), INT64_C(0x1000000000000));
    CHECK_EQ(call(0, 39, 57, 7, 0), 0);
    CHECK_EQ(call(0, 40, 57, 0, 0), INT64_C(7) << 32);
    CHECK_EQ(call(0, 35, 4, 57, 0), INT64_C(0));
    CHECK_EQ(arch_reg_get(&vcpus_of[0].arch, 1), UINT64_MAX);
}

/* All ids, the ends of the numbers too: exactly the granted ones pass. */
static void only_granted_ids(void)
{
    static const uint32_t far[] = { 0x10000 + 57, 0x20000 + 34, 0x30000 + 20, UINT32_MAX };

    setup();
    for (uint32_t id = 0; id < 2000; id++) {
        bool root = id <= 9 || (id >= 76 && id <= 100);

        if (id == 57 || !(root || id == 31)) {
            CHECK(reaches(0, 36, id, 0, 0) == (id == 57)); /* enable */
        }
        CHECK(reaches(0, 37, id, 0, 0) == (id == 57));
        CHECK(reaches(0, 39, id, 5, 0) == (id == 57));
        CHECK(reaches(0, 43, id, 0, 0) == (id == 57));
        CHECK(reaches(0, 38, id, 0, 0) == (root || id == 31 || id == 57));
        CHECK(reaches(0, 35, 5, id, 0) == (root || id == 31 || id == 57));
        CHECK(reaches(0, 34, 0, 9, id) == (root || id == 31 || id == 57));
        CHECK(reaches(0, 13, id, 1, 100) == (id == 34));
        CHECK(reaches(0, 17, id, 1, 0) == (id == 1035));
        CHECK(reaches(0, 31, id, 1, 0) == (id == 20 || id == 21));
        CHECK(reaches(0, 33, id, 1, 0) == (id == 20 || id == 21));
        CHECK(reaches(0, 34, id, 7, 0) == (id == 34));
        CHECK(reaches(2, 37, id, 0, 0) == (id == 63));
        CHECK(reaches(2, 38, id, 0, 0) == (id == 63));
    }
    for (unsigned n = 0; n < sizeof(far) / sizeof(far[0]); n++) {
        CHECK(!reaches(0, 38, far[n], 0, 0));
        CHECK(!reaches(0, 13, far[n], 0, 0));
        CHECK(!reaches(0, 31, far[n], 0, 0));
    }
    CHECK_EQ(mock.clock_offs[31], 0);
}

/* What others live by, too, is on or stays off. */
static void shared_clocks_are_not_switched_on(void)
{
    setup();
    CHECK_EQ(call(0, 36, 31, 0, 0), 0);
    CHECK_EQ(mock.last, 38);
    mock.stopped[31] = 1;
    CHECK_EQ(call(0, 36, 31, 0, 0), REFUSED);
    CHECK_EQ(mock.last, 38);
    CHECK_EQ(mock.clock_on[31], 0);
    CHECK(!reaches(0, 37, 31, 0, 0));
    CHECK_EQ(call(0, 36, 57, 0, 0), 0);
    CHECK_EQ(mock.clock_on[57], 1);
}

/* Functions, queries and requests of all numbers, with arguments that are granted. */
static void only_known_functions(void)
{
    static const uint8_t known[] = { 1,  3,  4,  13, 15, 16, 17, 18, 24, 28, 29, 30, 31,
                                     32, 33, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44 };
    static const uint32_t granted[] = { 34, 57, 1035, 20 };

    setup();
    for (uint32_t api = 0; api < 0x1000; api++) {
        bool wanted = api == 0xa03 || (api < 64 && memchr(known, (int)api, sizeof(known)) != NULL);
        bool reached = false;

        if (api == 14 || api == 21 || api == 63) {
            continue;
        }
        for (unsigned n = 0; n < 4; n++) {
            reached = reaches(0, api, granted[n], 57, 57) || reached;
        }
        reached = (api == 35 && reaches(0, api, 12, 0, 0)) || reached;
        CHECK(reached == wanted);
        CHECK_EQ(call(1, api, 34, 57, 57), CALL_NOT_SUPPORTED);
    }
    for (uint32_t number = 0; number < 70; number++) {
        CHECK(reaches(0, 35, number, 57, 0) == (number >= 1 && number <= 13));
        CHECK(reaches(0, 34, 34, number, 57) ==
              (number == 6 || number == 7 || number == 9 || number == 11));
    }
    CHECK(!reaches(0, 35, UINT32_MAX, 57, 0));
    CHECK(!reaches(0, 34, 34, UINT32_MAX, 57));
}

/* Firmware would stop a PLL that, as far as it knows, nobody needs any more. */
static void nodes_stay_on(void)
{
    setup();
    CHECK(reaches(0, 13, 34, 1, 100));
    CHECK_EQ(call(0, 14, 34, 0, 0), 0);
    CHECK_EQ(call(0, 15, 34, 0, 0), 0);
    CHECK_EQ(mock.calls, 1);
    CHECK_EQ(mock.requested[34], 1);
    CHECK(reaches(0, 15, 34, 1, 100));
    CHECK(!reaches(0, 14, 35, 0, 0));
    CHECK(!reaches(0, 15, 35, 0, 0));
}

/* Firmware would power off all that nobody asked for, which other VMs use. */
static void the_end_of_initialisation_is_nobodys(void)
{
    setup();
    CHECK_EQ(call(0, 21, 0, 0, 0), 0);
    CHECK_EQ(mock.calls, 0);
}

static void features_are_those_served(void)
{
    setup();
    CHECK_EQ(call(0, 63, 36, 0, 0), INT64_C(1) << 32);
    CHECK_EQ(call(0, 63, 35, 0, 0), INT64_C(1) << 32);
    CHECK_EQ(mock.calls, 2);
    CHECK_EQ(call(0, 63, 19, 0, 0), NO_FEATURE); /* writes a register for the caller */
    CHECK_EQ(call(0, 63, 12, 0, 0), NO_FEATURE); /* powers the board off */
    CHECK_EQ(call(0, 63, UINT32_MAX, 0, 0), NO_FEATURE);
    CHECK_EQ(mock.calls, 2);
}

static void others_of_the_provider_are_unknown(void)
{
    const uint64_t args[2] = { 57, 0 };

    setup();
    (void)call(0, 1, 0, 0, 0);
    CHECK_EQ(eemi_call(&vcpus_of[0], 0x8200ff01, args), CALL_NOT_SUPPORTED);
    CHECK_EQ(eemi_call(&vcpus_of[0], 0xc2001024, args), CALL_NOT_SUPPORTED);
    CHECK_EQ(mock.calls, 1);
}

int main(void)
{
    TEST(results_come_back);
    TEST(only_granted_ids);
    TEST(shared_clocks_are_not_switched_on);
    TEST(only_known_functions);
    TEST(nodes_stay_on);
    TEST(the_end_of_initialisation_is_nobodys);
    TEST(features_are_those_served);
    TEST(others_of_the_provider_are_unknown);
    return test_result();
}
