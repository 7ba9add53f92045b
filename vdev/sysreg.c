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

static bool read_id(struct vcpu *vcpu, const struct sysreg_row *row, uint64_t *value)
{
    *value = arch_id_get(vcpu->vm_row, row->encoding) & row->value;
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
    .name = "constant",
    .read = read_constant,
    .write = refuse_write,
};

const struct sysreg_ops sysreg_fixed_ops = {
    .name = "fixed",
    .read = read_constant,
    .write = ignore_write,
};

const struct sysreg_ops sysreg_id_ops = {
    .name = "id",
    .read = read_id,
    .write = refuse_write,
};

const struct sysreg_ops sysreg_raz_wi_ops = {
    .name = "raz_wi",
    .read = read_zero,
    .write = ignore_write,
};
