/* SPDX-License-Identifier: Apache-2.0 */
#include "vdev/vgic_state.h"

/* What the distributors of GICv2 and GICv3 have in common beside vgic_bank.c: the enables of
 * groups, and that an SPI goes to one vCPU. */

void vgic_reroute(struct vcpu *vcpu, uint32_t spi, uint8_t route)
{
    struct vgic *gic = vgic_of(vcpu);
    uint32_t word = 1 + spi / 32;
    uint32_t bit = 1u << (spi % 32);
    const struct vm_row *row = vcpu->vm_row;

    for (uint32_t i = 0; i < vcpu_count_of(row); i++) {
        uint32_t *target = &vgic_cpus[row->vcpu_first + i].target[word];

        *target = i == route ? *target | bit : *target & ~bit;
    }
    atomic_store(&gic->route[spi], route);
    vgic_drain_inbox(vcpu); /* after the store: see vgic_post() */
    if ((vgic_linked_spis(&gic->spi[word - 1]) & bit) != 0 && route != VGIC_ROUTE_NONE) {
        arch_irq_route(vgic_physical_intid(vcpu->vm, spi + 32),
                       vcpu_rows[row->vcpu_first + route].pcpu);
        vgic_give_back(vcpu, vgic_cpu_of(vcpu), word, bit, false);
    }
}

/* Who disables a group wants the effect when the write is done (GICv3: when GICD_CTLR.RWP reads 0,
 * which it always does): so the other vCPUs are recalled, and fill their list registers by the new
 * value afterwards. */
void vgic_ctlr_write(struct vcpu *vcpu, uint32_t value)
{
    vgic_enter_alone(vcpu);
    vgic_fold(vcpu);
    vgic_of(vcpu)->ctlr = value & VGIC_CTLR_ENABLE;
    vgic_fill(vcpu);
    vgic_leave(vcpu);
}

uint32_t vgic_ctlr_read(struct vcpu *vcpu)
{
    uint32_t value;

    vgic_enter(vcpu);
    value = vgic_of(vcpu)->ctlr;
    vgic_leave(vcpu);
    return value;
}
