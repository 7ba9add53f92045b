/* SPDX-License-Identifier: Apache-2.0 */
#include "arch/arch.h"
#include "vdev/vgic_direct.h"
#include "vdev/vgic_direct_state.h"

/* The frames of distributor and redistributors (GICv3 12.9, 12.11) of a VM with interrupts =
 * "passthrough". */

#define GICD_CTLR 0x0u

/* An SPI that no vCPU is named for is not presented. */
static void router_write(struct vcpu *vcpu, uint64_t offset, unsigned size, uint64_t value)
{
    struct vgic *gic = vgic_of(vcpu);
    uint32_t spi;
    uint8_t route;

    if (size < 4 || !vgic_router_spi(vcpu->vm, offset, &spi) ||
        (vgic_direct_owned(vcpu->vm, 1 + spi / 32) & 1u << spi % 32) == 0) {
        return;
    }
    vgic_enter(vcpu);
    gic->router[spi] = vgic_router_merge(gic->router[spi], offset, size, value);
    route = vgic_route_of(vcpu->vm_row, gic->router[spi]);
    atomic_store(&gic->route[spi], route);
    if (route != VGIC_ROUTE_NONE) {
        arch_irq_route(spi + 32, vcpu_rows[vcpu->vm_row->vcpu_first + route].pcpu);
    }
    vgic_direct_apply(vcpu->vm, vgic_cpu_of(vcpu), 1 + spi / 32);
    vgic_leave(vcpu);
}

static uint64_t dist_read(struct vcpu *vcpu, uint32_t instance, uint64_t offset, unsigned size)
{
    if (offset >= VGIC_DIST_BANKS && offset < VGIC_DIST_BANKS_END) {
        return vgic_direct_bank_read(vcpu, NULL, offset, size);
    }
    if (offset >= VGIC_DIST_ROUTER && offset < VGIC_DIST_ID) {
        return vgic_router_read(vcpu, offset, size);
    }
    if (size != 4) {
        return 0;
    }
    return offset == GICD_CTLR ? vgic_of(vcpu)->ctlr | VGIC_CTLR_FIXED
                               : vgic_dist_fixed(instance, offset);
}

static void dist_write(struct vcpu *vcpu, uint32_t instance, uint64_t offset, unsigned size,
                       uint64_t value)
{
    (void)instance;
    if (offset >= VGIC_DIST_BANKS && offset < VGIC_DIST_BANKS_END) {
        vgic_direct_bank_write(vcpu, NULL, offset, size, value);
    } else if (offset >= VGIC_DIST_ROUTER && offset < VGIC_DIST_ID) {
        router_write(vcpu, offset, size, value);
    } else if (offset == GICD_CTLR && size == 4) {
        vgic_direct_ctlr_write(vcpu, (uint32_t)value & VGIC_CTLR_ENABLE);
    }
}

static uint64_t redist_read(struct vcpu *vcpu, uint32_t instance, uint64_t offset, unsigned size)
{
    uint32_t index = (uint32_t)(offset / VGIC_REDIST_SIZE);
    uint64_t at = offset % VGIC_REDIST_SIZE;
    struct vgic_cpu *cpu = &vgic_cpus[vcpu->vm_row->vcpu_first + index];

    (void)instance;
    if (vgic_redist_has_banks(at)) {
        return vgic_direct_bank_read(vcpu, cpu, at - VGIC_REDIST_SGI_FRAME, size);
    }
    return at == VGIC_REDIST_WAKER && size == 4 ? cpu->waker
                                                : vgic_redist_fixed(vcpu, index, at, size);
}

/* The physical redistributor stays awake. */
static void redist_write(struct vcpu *vcpu, uint32_t instance, uint64_t offset, unsigned size,
                         uint64_t value)
{
    uint64_t at = offset % VGIC_REDIST_SIZE;
    struct vgic_cpu *cpu = &vgic_cpus[vcpu->vm_row->vcpu_first + offset / VGIC_REDIST_SIZE];

    (void)instance;
    if (vgic_redist_has_banks(at)) {
        vgic_direct_bank_write(vcpu, cpu, at - VGIC_REDIST_SGI_FRAME, size, value);
    } else if (at == VGIC_REDIST_WAKER && size == 4) {
        vgic_enter(vcpu);
        cpu->waker = (value & VGIC_WAKER_SLEEP) != 0 ? VGIC_WAKER_SLEEP | VGIC_WAKER_ASLEEP : 0;
        vgic_leave(vcpu);
    }
}

const struct vdev_ops vgic_direct_dist_ops = {
    .name = "gicd-direct",
    .sizes = VDEV_SIZE_1 | VDEV_SIZE_4 | VDEV_SIZE_8,
    .read = dist_read,
    .write = dist_write,
};

const struct vdev_ops vgic_direct_redist_ops = {
    .name = "gicr-direct",
    .sizes = VDEV_SIZE_1 | VDEV_SIZE_4 | VDEV_SIZE_8,
    .read = redist_read,
    .write = redist_write,
};
