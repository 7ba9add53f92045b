/* SPDX-License-Identifier: Apache-2.0 */
/* sources: vdev/fast.c */
#include "arch/fast.h"
#include "gen/rows.h"
#include "tests/unit/check.h"
#include "vdev/psci.h"
#include "vdev/vcpu.h"
#include "vdev/vdev.h"

/* Which accesses reach a device's short way, with a device that writes down what does. */

#define BASE UINT64_C(0x8000000)
#define SIZE UINT64_C(0x1000)
#define ANSWER INT64_C(0x1234)
#define INSTANCE 5u

static struct vcpu vcpu;
static struct {
    uint32_t calls;
    uint64_t offset;
    uint32_t width;
    uint64_t value;
} seen;
static bool declines;

static void note(const struct vcpu *who, uint32_t instance, uint64_t offset, uint32_t width,
                 uint64_t value)
{
    CHECK(who == &vcpu);
    CHECK_EQ(instance, INSTANCE);
    seen.calls++;
    seen.offset = offset;
    seen.width = width;
    seen.value = value;
}

static int64_t device_read(struct vcpu *who, const struct mmio_row *row, uint64_t offset,
                           uint32_t width)
{
    note(who, row->instance, offset, width, 0);
    return declines ? -1 : ANSWER;
}

static bool device_write(struct vcpu *who, const struct mmio_row *row, uint64_t offset,
                         uint32_t width, uint64_t value)
{
    note(who, row->instance, offset, width, value);
    return !declines;
}

/* Reads of bytes and words, writes of words and doublewords. */
static const struct vdev_ops ops = { .name = "device",
                                     .fast_read = device_read,
                                     .fast_reads = FAST_TAKES_1 | FAST_TAKES_4,
                                     .fast_write = device_write,
                                     .fast_writes = FAST_TAKES_4 | FAST_TAKES_8 };
static const struct mmio_row row = {
    .base = GPA(BASE), .size = SIZE, .ops = &ops, .instance = INSTANCE
};
static const struct vdev_ops slow_ops = { .name = "slow" };
static const struct mmio_row slow = { .base = GPA(BASE), .size = SIZE, .ops = &slow_ops };

static bool reads(uint64_t offset, uint32_t width)
{
    uint32_t before = seen.calls;
    int64_t value = fast_mmio_read(&vcpu, &row, offset, width);
    bool taken = seen.calls != before;

    CHECK_EQ(value, taken && !declines ? ANSWER : -1);
    return taken;
}

static bool writes(uint64_t offset, uint32_t width, uint64_t value)
{
    uint32_t before = seen.calls;
    bool good = fast_mmio_write(&vcpu, &row, offset, width, value);
    bool taken = seen.calls != before;

    CHECK_EQ(good, taken && !declines);
    return taken;
}

static void widths(void)
{
    declines = false;
    for (uint64_t at = 0; at < 16; at++) {
        CHECK_EQ(reads(at, FAST_1), true);
        CHECK_EQ(seen.offset, at);
        CHECK_EQ(seen.width, FAST_1);
        CHECK_EQ(reads(at, FAST_2), false);
        CHECK_EQ(reads(at, FAST_4), at % 4 == 0);
        CHECK_EQ(reads(at, FAST_8), false);
        CHECK_EQ(writes(at, FAST_1, 1), false);
        CHECK_EQ(writes(at, FAST_2, 2), false);
        CHECK_EQ(writes(at, FAST_4, 4), at % 4 == 0);
        CHECK_EQ(writes(at, FAST_8, 8), at % 8 == 0);
    }
    CHECK_EQ(writes(0xff8, FAST_8, UINT64_MAX), true);
    CHECK_EQ(seen.offset, 0xff8);
    CHECK_EQ(seen.width, FAST_8);
    CHECK_EQ(seen.value, UINT64_MAX);
}

/* A read whose value is to be sign-extended has an odd width. */
static void sign_extension_is_declined(void)
{
    declines = false;
    for (uint32_t width = FAST_1; width <= FAST_8; width += 2) {
        CHECK_EQ(reads(0, width + 1), false);
    }
}

static void devices_decline(void)
{
    declines = true;
    CHECK_EQ(reads(0, FAST_4), true);
    CHECK_EQ(writes(0, FAST_4, 1), true);
}

/* A device without short ways has no functions to call. */
static void devices_without(void)
{
    for (uint32_t width = FAST_1; width <= FAST_8; width += 2) {
        CHECK_EQ(fast_mmio_read(&vcpu, &slow, 0, width), -1);
        CHECK(!fast_mmio_write(&vcpu, &slow, 0, width, 0));
    }
}

/* --- Which VMs have them --- */

const struct vm_row vm_rows[VM_COUNT] = { { .name = "a" }, { .name = "b" }, { .name = "c" } };
const struct vgic_row vgic_rows[VM_COUNT] = { { .interrupts = INTERRUPTS_EMULATED },
                                              { .interrupts = INTERRUPTS_PASSTHROUGH },
                                              { .interrupts = INTERRUPTS_NONE } };
static struct {
    const struct arch_vcpu *vcpu;
    const struct vm_row *vm;
    bool devices;
} told;

void arch_fast_init(struct arch_vcpu *arch, const struct vm_row *vm, bool devices, uint32_t call,
                    uint64_t answer)
{
    told.vcpu = arch;
    told.vm = vm;
    told.devices = devices;
    CHECK_EQ(call, PSCI_VERSION);
    CHECK_EQ(answer, 0x10001);
}

/* Devices of a VM that takes its interrupts itself have lines to look at. */
static void not_where_interrupts_pass_through(void)
{
    for (uint16_t vm = 0; vm < VM_COUNT; vm++) {
        struct vcpu own = { .vm = vm, .vm_row = &vm_rows[vm] };

        vcpu_fast_init(&own);
        CHECK(told.vcpu == &own.arch);
        CHECK(told.vm == &vm_rows[vm]);
        CHECK_EQ(told.devices, vm != 1);
    }
}

int main(void)
{
    TEST(widths);
    TEST(sign_extension_is_declined);
    TEST(devices_decline);
    TEST(devices_without);
    TEST(not_where_interrupts_pass_through);
    return test_result();
}
