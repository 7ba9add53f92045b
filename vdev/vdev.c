/* SPDX-License-Identifier: Apache-2.0 */
#include "vdev/vdev.h"

#include "vdev/vcpu.h"

void vdev_reset(const struct vm_row *vm)
{
    for (uint32_t n = 0; n < vm->mmio_count; n++) {
        const struct mmio_row *row = &vm->mmio[n];

        if (row->ops->reset != NULL) {
            row->ops->reset(row->instance);
        }
    }
}

void vdev_alarm(struct vcpu *vcpu)
{
    for (uint32_t n = 0; n < vcpu->vm_row->mmio_count; n++) {
        const struct mmio_row *row = &vcpu->vm_row->mmio[n];

        if (row->ops->alarm != NULL) {
            row->ops->alarm(vcpu, row->instance);
        }
    }
}
