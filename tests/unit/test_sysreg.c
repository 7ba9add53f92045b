/* SPDX-License-Identifier: Apache-2.0 */
/* sources: vdev/sysreg.c arch/fake/[a-z]*.c */
#include "tests/unit/check.h"
#include "vdev/sysreg.h"
#include "vdev/vcpu.h"

const struct vm_row vm_rows[VM_COUNT];

static struct vcpu vcpu = { .vm_row = &vm_rows[0] };

static void constants_are_read_only(void)
{
    struct sysreg_row row = { .encoding = 7, .value = 0x1234 };
    uint64_t value = 0;

    CHECK(sysreg_constant_ops.read(&vcpu, &row, &value));
    CHECK_EQ(value, 0x1234);
    CHECK(!sysreg_constant_ops.write(&vcpu, &row, 1));
}

static void fixed_ignores_writes(void)
{
    struct sysreg_row row = { .encoding = 7, .value = 0x1234 };
    uint64_t value = 0;

    CHECK(sysreg_fixed_ops.write(&vcpu, &row, 1));
    CHECK(sysreg_fixed_ops.read(&vcpu, &row, &value));
    CHECK_EQ(value, 0x1234);
}

/* The host model's ID registers read 0x1111... times the encoding. */
static void id_registers_show_allowed_fields(void)
{
    struct sysreg_row row = { .encoding = 3, .value = 0x8005 };
    uint64_t value = 0;

    CHECK(sysreg_id_ops.read(&vcpu, &row, &value));
    CHECK_EQ(value, 0x3000000000000303);
    CHECK(!sysreg_id_ops.write(&vcpu, &row, 1));
}

static void raz_wi_ignores(void)
{
    struct sysreg_row row = { .encoding = 3, .value = 0xf0f };
    uint64_t value = 5;

    CHECK(sysreg_raz_wi_ops.write(&vcpu, &row, 9));
    CHECK(sysreg_raz_wi_ops.read(&vcpu, &row, &value));
    CHECK_EQ(value, 0);
}

int main(void)
{
    TEST(constants_are_read_only);
    TEST(fixed_ignores_writes);
    TEST(id_registers_show_allowed_fields);
    TEST(raz_wi_ignores);
    return test_result();
}
