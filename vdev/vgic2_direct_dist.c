/* SPDX-License-Identifier: Apache-2.0 */
#include "arch/arch.h"
#include "arch/direct.h"
#include "vdev/vgic2_state.h"
#include "vdev/vgic_bank.h"
#include "vdev/vgic_direct.h"
#include "vdev/vgic_direct_state.h"

/* The GICv2 distributor (IHI 0048 4.3) of a VM with interrupts = "passthrough": as non-secure
 * software finds it, with CPU interfaces under their physical numbers, which GICC_IAR shows, too.
 */

/* Of the VM's vCPUs, those whose interface is in `targets`, as bits of physical interfaces. */
static uint32_t own_targets(const struct vcpu *vcpu, uint32_t targets)
{
    uint32_t own = 0;

    for (uint32_t i = 0; i < vcpu->vm_row->vcpu_count; i++) {
        own |= arch_direct_target(vcpu_rows[vcpu->vm_row->vcpu_first + i].pcpu);
    }
    return targets & own;
}

static uint32_t targets_read(struct vcpu *vcpu, uint32_t intid, unsigned size)
{
    uint32_t value = 0;

    vgic_enter(vcpu);
    for (unsigned i = 0; i < size && vgic_intid_valid(vcpu->vm, intid + i); i++) {
        uint32_t n = intid + i;
        uint32_t targets =
            n < 32 ? arch_direct_target(vcpu->row->pcpu) : (uint32_t)vgic_of(vcpu)->router[n - 32];

        if (n < 32 || (vgic_direct_owned(vcpu->vm, n / 32) & 1u << n % 32) != 0) {
            value |= targets << (8 * i);
        }
    }
    vgic_leave(vcpu);
    return value;
}

/* An SPI goes to one vCPU: of several targets, to the VM's first.  One without is not presented. */
static void target_write(struct vcpu *vcpu, uint32_t spi, uint32_t targets)
{
    struct vgic *gic = vgic_of(vcpu);
    uint8_t route = VGIC_ROUTE_NONE;

    for (uint8_t i = 0; i < vcpu->vm_row->vcpu_count && route == VGIC_ROUTE_NONE; i++) {
        uint32_t pcpu = vcpu_rows[vcpu->vm_row->vcpu_first + i].pcpu;

        route = (targets & arch_direct_target(pcpu)) != 0 ? i : VGIC_ROUTE_NONE;
    }
    vgic_enter(vcpu);
    gic->router[spi] = own_targets(vcpu, targets);
    atomic_store(&gic->route[spi], route);
    if (route != VGIC_ROUTE_NONE) {
        arch_irq_route(spi + 32, vcpu_rows[vcpu->vm_row->vcpu_first + route].pcpu);
    }
    vgic_direct_apply(vcpu->vm, vgic_cpu_of(vcpu), 1 + spi / 32);
    vgic_leave(vcpu);
}

static void targets_write(struct vcpu *vcpu, uint32_t intid, unsigned size, uint32_t value)
{
    for (uint32_t n = intid; n < intid + size; n++) {
        if (n >= 32 && (vgic_direct_owned(vcpu->vm, n / 32) & 1u << n % 32) != 0) {
            target_write(vcpu, n - 32, value >> (8 * (n - intid)) & 0xffu);
        }
    }
}

/* SGIs stay inside the VM. */
static void sgi_write(const struct vcpu *vcpu, uint32_t sgir)
{
    uint32_t list = sgir >> VGIC2_SGIR_TARGETS_SHIFT;

    for (uint32_t i = 0; i < vcpu->vm_row->vcpu_count; i++) {
        uint32_t pcpu = vcpu_rows[vcpu->vm_row->vcpu_first + i].pcpu;

        if (vgic2_sgi_reaches(sgir, (list & arch_direct_target(pcpu)) != 0,
                              i == vcpu->row->index)) {
            arch_direct_sgi(pcpu, sgir & VGIC2_SGIR_SGI);
        }
    }
}

static uint32_t senders_read(const struct vcpu *vcpu, uint32_t first, unsigned size)
{
    uint32_t value = 0;

    for (unsigned i = 0; i < size; i++) {
        value |= own_targets(vcpu, arch_direct_senders_get(first + i)) << (8 * i);
    }
    return value;
}

static void senders_write(const struct vcpu *vcpu, uint32_t first, unsigned size, uint32_t value,
                          bool set)
{
    for (unsigned i = 0; i < size; i++) {
        uint32_t senders = own_targets(vcpu, value >> (8 * i) & 0xffu);

        arch_direct_senders_change(first + i, (uint8_t)senders, set);
    }
}

static uint64_t dist_read(struct vcpu *vcpu, uint32_t instance, uint64_t offset, unsigned size)
{
    uint32_t at = (uint32_t)offset;

    (void)instance;
    if (at >= VGIC2_ITARGETSR && at < VGIC2_ITARGETSR_END) {
        return targets_read(vcpu, at - VGIC2_ITARGETSR, size);
    }
    if (at >= VGIC2_CPENDSGIR && at < VGIC2_SPENDSGIR_END) {
        return senders_read(vcpu, at % VGIC_SGI_COUNT, size);
    }
    if (at >= VGIC_DIST_BANKS && at < VGIC_DIST_BANKS_END) {
        return vgic_direct_bank_read(vcpu, vgic2_bank_owner(vcpu, offset), offset, size);
    }
    if (size != 4) {
        return 0;
    }
    return at == VGIC2_CTLR ? vgic_of(vcpu)->ctlr : vgic2_dist_fixed(vcpu, offset);
}

static void dist_write(struct vcpu *vcpu, uint32_t instance, uint64_t offset, unsigned size,
                       uint64_t value)
{
    uint32_t at = (uint32_t)offset;

    (void)instance;
    if (at >= VGIC2_ITARGETSR && at < VGIC2_ITARGETSR_END) {
        targets_write(vcpu, at - VGIC2_ITARGETSR, size, (uint32_t)value);
    } else if (at >= VGIC2_CPENDSGIR && at < VGIC2_SPENDSGIR_END) {
        senders_write(vcpu, at % VGIC_SGI_COUNT, size, (uint32_t)value, at >= VGIC2_SPENDSGIR);
    } else if (at >= VGIC_DIST_BANKS && at < VGIC_DIST_BANKS_END) {
        vgic_direct_bank_write(vcpu, vgic2_bank_owner(vcpu, offset), offset, size,
                               vgic2_without_sgis(offset, value));
    } else if (at == VGIC2_CTLR && size == 4) {
        vgic_direct_ctlr_write(vcpu, (uint32_t)value & VGIC_DIRECT_ENABLE);
    } else if (at == VGIC2_SGIR && size == 4) {
        sgi_write(vcpu, (uint32_t)value);
    }
}

const struct vdev_ops vgic_direct_dist_ops = {
    .name = "gicd-direct",
    .sizes = VDEV_SIZE_1 | VDEV_SIZE_4,
    .read = dist_read,
    .write = dist_write,
};
