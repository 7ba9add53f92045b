/* SPDX-License-Identifier: Apache-2.0 */
#include "vdev/sysreg.h"

#include "arch/arch.h"
#include "vdev/vcpu.h"

static bool refuse_write(struct vcpu *vcpu, const struct sysreg_row *row, uint64_t value)
{
    (void)vcpu;
    (void)row;
    (void)value;
    return false;
}

static bool ignore_write(struct vcpu *vcpu, const struct sysreg_row *row, uint64_t value)
{
    (void)vcpu;
    (void)row;
    (void)value;
    return true;
}

static bool read_constant(struct vcpu *vcpu, const struct sysreg_row *row, uint64_t *value)
{
    (void)vcpu;
    *value = row->value;
    return true;
}

/* The bits of the fields, of four bits each, that ARCH_ID_FIELDS packed into a bit each. */
static uint64_t fields_mask(uint32_t fields)
{
    uint64_t mask = 0;

    for (unsigned shift = 0; fields != 0; fields >>= 1, shift += 4) {
        mask |= (uint64_t)(fields & 1 ? 0xf : 0) << shift;
    }
    return mask;
}

static bool read_id(struct vcpu *vcpu, const struct sysreg_row *row, uint64_t *value)
{
    *value = arch_id_get(vcpu->vm_row, row->encoding) & fields_mask(row->value);
    return true;
}

static bool read_zero(struct vcpu *vcpu, const struct sysreg_row *row, uint64_t *value)
{
    (void)vcpu;
    (void)row;
    *value = 0;
    return true;
}

const struct sysreg_ops sysreg_constant_ops = {
    .read = read_constant,
    .write = refuse_write,
};

const struct sysreg_ops sysreg_fixed_ops = {
    .read = read_constant,
    .write = ignore_write,
};

const struct sysreg_ops sysreg_id_ops = {
    .read = read_id,
    .write = refuse_write,
};

const struct sysreg_ops sysreg_raz_wi_ops = {
    .read = read_zero,
    .write = ignore_write,
};
