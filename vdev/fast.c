/* SPDX-License-Identifier: Apache-2.0 */
#include "arch/fast.h"

#include "gen/rows.h"
#include "vdev/psci.h"
#include "vdev/vcpu.h"
#include "vdev/vdev.h"

/* The devices of a VM with interrupts = "passthrough" look at their lines at every access
 * (vgic_lines()), so its accesses take no short way. */
void vcpu_fast_init(struct vcpu *vcpu)
{
    bool devices = vgic_rows[vcpu->vm].interrupts != INTERRUPTS_PASSTHROUGH;

    arch_fast_init(&vcpu->arch, vcpu->vm_row, devices, PSCI_VERSION, PSCI_VERSION_1_1);
}

/* No part of a row that has short ways is too narrow for an aligned access (vdev/vdev.h), so what
 * begins in it ends in it. */
ARCH_FAST_CALL int64_t fast_mmio_read(struct vcpu *vcpu, const struct mmio_row *row,
                                      uint64_t offset, uint32_t width)
{
    const struct vdev_ops *ops = row->ops;

    if ((ops->fast_reads >> (8 * width | (offset & 7)) & 1) == 0) {
        return -1;
    }
    return ops->fast_read(vcpu, row, offset, width);
}

ARCH_FAST_CALL bool fast_mmio_write(struct vcpu *vcpu, const struct mmio_row *row, uint64_t offset,
                                    uint32_t width, uint64_t value)
{
    const struct vdev_ops *ops = row->ops;

    if ((ops->fast_writes >> (8 * width | (offset & 7)) & 1) == 0) {
        return false;
    }
    return ops->fast_write(vcpu, row, offset, width, value);
}
