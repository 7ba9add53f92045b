/* SPDX-License-Identifier: Apache-2.0 */
#include "arch/arch.h"
#include "arch/direct.h"
#include "gen/rows.h"
#include "vdev/sysreg.h"
#include "vdev/vgic_direct_state.h"

/* The registers of the physical CPU interface that trap in a VM with interrupts = "passthrough"
 * (GICv3 12.2). */

static bool interface_read(struct vcpu *vcpu, const struct sysreg_row *row, uint64_t *value)
{
    (void)vcpu;
    *value = arch_direct_cpu_get((enum arch_direct_register)row->value);
    return true;
}

static bool interface_write(struct vcpu *vcpu, const struct sysreg_row *row, uint64_t value)
{
    (void)vcpu;
    if (row->value == ARCH_DIRECT_RPR) {
        return false;
    }
    arch_direct_cpu_set((enum arch_direct_register)row->value, value);
    return true;
}

static bool refuse_read(struct vcpu *vcpu, const struct sysreg_row *row, uint64_t *value)
{
    (void)vcpu;
    (void)row;
    (void)value;
    return false;
}

/* Without EOImode nothing waits for it: the write has no effect (GICv3 12.2.10 leaves that open).
 */
static bool dir_write(struct vcpu *vcpu, const struct sysreg_row *row, uint64_t value)
{
    uint32_t intid = (uint32_t)(value & 0xffffff);
    uint32_t bit = vgic_direct_owned(vcpu->vm, intid / 32) & 1u << intid % 32;

    (void)row;
    if (bit != 0 && (arch_direct_cpu_get(ARCH_DIRECT_CTLR) & VGIC_DIRECT_EOI_MODE) != 0) {
        arch_direct_clear(vcpu->row->pcpu, intid / 32, ARCH_DIRECT_ACTIVE, bit);
    }
    return true;
}

/* ICC_SGI1R_EL1 (row->value: 1), or one of the registers for group 0, in which there is none. */
static bool sgi_write(struct vcpu *vcpu, const struct sysreg_row *row, uint64_t value)
{
    const struct vm_row *vm = vcpu->vm_row;

    for (uint32_t i = 0; row->value == 1 && i < vm->vcpu_count; i++) {
        const struct vcpu_row *target = &vcpu_rows[vm->vcpu_first + i];

        if (vgic_sgi_targets(vcpu, target, value)) {
            arch_direct_sgi(target->pcpu, vgic_sgi_intid(value));
        }
    }
    return true;
}

const struct sysreg_ops sysreg_vgic_direct_ops = {
    .read = interface_read,
    .write = interface_write,
};

const struct sysreg_ops sysreg_vgic_direct_dir_ops = {
    .read = refuse_read,
    .write = dir_write,
};

const struct sysreg_ops sysreg_vgic_direct_sgi_ops = {
    .read = refuse_read,
    .write = sgi_write,
};
