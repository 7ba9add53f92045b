/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any access of a guest against rows as the generator makes them, all values at once: EVA shows
 * that no look-up and no split access reads outside of its objects or computes what C leaves
 * undefined.
 */
#include "__fc_builtin.h"
#include "vdev/dispatch.h"
#include "vdev/port.h"
#include "vdev/vcpu.h"
#include "vdev/vdev.h"

struct vcpu vcpus[VCPU_COUNT];

static uint64_t any_read(struct vcpu *vcpu, uint32_t instance, uint64_t offset, unsigned size)
{
    (void)vcpu, (void)instance, (void)offset, (void)size;
    return Frama_C_unsigned_long_long_interval(0, UINT64_MAX);
}

static void any_write(struct vcpu *vcpu, uint32_t instance, uint64_t offset, unsigned size,
                      uint64_t value)
{
    (void)vcpu, (void)instance, (void)offset, (void)size, (void)value;
}

static const struct vdev_ops bytes = {
    .name = "bytes", .sizes = VDEV_SIZE_1, .read = any_read, .write = any_write
};
static const struct vdev_ops words = {
    .name = "words", .sizes = VDEV_SIZE_4, .read = any_read, .write = any_write
};
static const struct mmio_row mmio[] = {
    { { 0x08000000 }, 0x10000, &words, 0 },
    { { 0x080a0000 }, 0xf60000, &words, 1 },
    { { 0x09000000 }, 0x1000, &bytes, 2 },
    { { 0xffffffffffff0000 }, 0x10000, &words, 3 },
};
static const struct port_row ports[] = {
    { 0, 4, &bytes, 0 },
    { 0x3f8, 8, &bytes, 1 },
    { 0xcf8, 8, &words, 2 },
    { 0xffff, 1, &bytes, 3 },
};
static const struct sysreg_row registers[] = { { 0x10, 0, 0 }, { 0xc000, 0, 0 }, { 0xffff, 0, 0 } };
static const struct vm_row vm = {
    .mmio = mmio,
    .mmio_count = 4,
    .port = ports,
    .port_count = 4,
    .sysreg = registers,
    .sysreg_count = 3,
};

void arch_vcpu_complete(struct arch_vcpu *vcpu, const struct exit *exit, uint64_t value)
{
    (void)vcpu, (void)exit, (void)value;
}

void main(void)
{
    static struct exit exit;
    gpa_t gpa = GPA(Frama_C_unsigned_long_long_interval(0, UINT64_MAX));
    unsigned size = 1u << Frama_C_interval(0, 3);
    const struct mmio_row *row = dispatch_mmio(&vm, gpa, size);

    if (row != 0) {
        uint64_t offset = gpa.addr - row->base.addr;
        (void)row->ops->read(&vcpus[0], row->instance, offset, size);
    }
    (void)dispatch_sysreg(&vm, Frama_C_unsigned_int_interval(0, UINT32_MAX));
    vcpus[0].vm_row = &vm;
    exit.port.port = Frama_C_unsigned_short_interval(0, UINT16_MAX);
    exit.port.size = 1u << Frama_C_interval(0, 2);
    exit.port.write = Frama_C_interval(0, 1);
    exit.port.value = Frama_C_unsigned_int_interval(0, UINT32_MAX);
    port_serve(&vcpus[0], &exit);
}
