/* SPDX-License-Identifier: Apache-2.0 */
#include "vdev/vdev.h"

#include "vdev/vcpu.h"

static void reset(const struct vdev_ops *ops, uint32_t instance)
{
    if (ops->reset != NULL) {
        ops->reset(instance);
    }
}

static void start(const struct vdev_ops *ops, uint32_t instance)
{
    if (ops->start != NULL) {
        ops->start(instance);
    }
}

static void alarm(struct vcpu *vcpu, const struct vdev_ops *ops, uint32_t instance)
{
    if (ops->alarm != NULL) {
        ops->alarm(vcpu, instance);
    }
}

void vdev_reset(const struct vm_row *vm)
{
    for (uint32_t n = 0; n < vm->mmio_count; n++) {
        reset(vm->mmio[n].ops, vm->mmio[n].instance);
    }
    for (uint32_t n = 0; n < vm->port_count; n++) {
        reset(vm->port[n].ops, vm->port[n].instance);
    }
}

void vdev_start(const struct vm_row *vm)
{
    for (uint32_t n = 0; n < vm->mmio_count; n++) {
        start(vm->mmio[n].ops, vm->mmio[n].instance);
    }
    for (uint32_t n = 0; n < vm->port_count; n++) {
        start(vm->port[n].ops, vm->port[n].instance);
    }
}

void vdev_alarm(struct vcpu *vcpu)
{
    const struct vm_row *vm = vcpu->vm_row;

    for (uint32_t n = 0; n < vm->mmio_count; n++) {
        alarm(vcpu, vm->mmio[n].ops, vm->mmio[n].instance);
    }
    for (uint32_t n = 0; n < vm->port_count; n++) {
        alarm(vcpu, vm->port[n].ops, vm->port[n].instance);
    }
}

/* UARTs have registers in memory. */
void vdev_poll(struct vcpu *vcpu)
{
    const struct vm_row *vm = vcpu->vm_row;

    for (uint32_t n = 0; n < vm->mmio_count; n++) {
        if (vm->mmio[n].ops->poll != NULL) {
            vm->mmio[n].ops->poll(vcpu, vm->mmio[n].instance);
        }
    }
}
