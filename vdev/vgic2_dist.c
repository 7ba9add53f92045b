/* SPDX-License-Identifier: Apache-2.0 */
#include "vdev/vgic2_state.h"
#include "vdev/vgic_bank.h"

/* The GICv2 distributor (IHI 0048 4.3): registers of SGIs and PPIs are each vCPU's own.  The CPU
 * interface is the hardware's virtual one, mapped where the guest looks for it. */

#define TYPER_CPUS_SHIFT 5
#define IIDR_OF_GIC400 0x0200043bu

/* The word of interrupts that a bank register is of: that of vgic_bank.c's offsets. */
static uint32_t word_at(uint64_t offset)
{
    uint32_t at = (uint32_t)offset;

    if (at >= VGIC_PRIORITY_BASE && at < VGIC_PRIORITY_END) {
        return (at - VGIC_PRIORITY_BASE) / 32;
    }
    return at >= VGIC_CONFIG_BASE ? 4 * (at - VGIC_CONFIG_BASE) / 32 : (at & 0x7f) / 4;
}

struct vgic_cpu *vgic2_bank_owner(const struct vcpu *vcpu, uint64_t offset)
{
    return word_at(offset) == 0 ? vgic_cpu_of(vcpu) : NULL;
}

/* PIDR4, PIDR0-2, CIDR0-3 of a GIC-400, architecture revision 2. */
static uint32_t id_read(uint64_t offset)
{
    switch (offset) {
    case 0xfd0:
        return 0x04;
    case 0xfe0:
        return 0x90;
    case 0xfe4:
        return 0xb4;
    case 0xfe8:
        return 0x2b;
    case 0xff0:
        return 0x0d;
    case 0xff4:
        return 0xf0;
    case 0xff8:
        return 0x05;
    case 0xffc:
        return 0xb1;
    default:
        return 0;
    }
}

uint32_t vgic2_dist_fixed(const struct vcpu *vcpu, uint64_t offset)
{
    switch (offset) {
    case VGIC2_TYPER:
        return (vcpu->vm_row->vcpu_count - 1u) << TYPER_CPUS_SHIFT |
               vgic_rows[vcpu->vm].spi_count / 32u;
    case VGIC2_IIDR:
        return IIDR_OF_GIC400;
    default:
        return id_read(offset);
    }
}

/* Of SGIs and PPIs they tell who reads. */
static uint32_t targets_read(struct vcpu *vcpu, uint32_t intid, unsigned size)
{
    uint32_t value = 0;

    vgic_enter(vcpu);
    for (unsigned i = 0; i < size && vgic_intid_valid(vcpu->vm, intid + i); i++) {
        uint32_t targets = intid + i < 32 ? 1u << vcpu->row->index
                                          : (uint32_t)vgic_of(vcpu)->router[intid + i - 32];

        value |= targets << (8 * i);
    }
    vgic_leave(vcpu);
    return value;
}

/* An SPI goes to one vCPU: of several targets, to the first. */
static void target_write(struct vcpu *vcpu, uint32_t intid, uint32_t targets)
{
    uint32_t word = intid / 32;
    uint32_t bit = 1u << (intid % 32);

    targets &= UINT32_MAX >> (32u - vcpu->vm_row->vcpu_count) & 0xffu;
    vgic_change_begin(vcpu, vgic_cpu_of(vcpu), word, bit);
    vgic_of(vcpu)->router[intid - 32] = targets;
    vgic_reroute(vcpu, intid - 32,
                 targets != 0 ? (uint8_t)__builtin_ctz(targets) : (uint8_t)VGIC_ROUTE_NONE);
    vgic_change_end(vcpu, vgic_cpu_of(vcpu), word, bit);
}

static void targets_write(struct vcpu *vcpu, uint32_t intid, unsigned size, uint32_t value)
{
    for (unsigned i = 0; i < size && vgic_intid_valid(vcpu->vm, intid + i); i++) {
        if (intid + i >= 32) {
            target_write(vcpu, intid + i, value >> (8 * i) & 0xffu);
        }
    }
}

static uint64_t dist_read(struct vcpu *vcpu, uint32_t instance, uint64_t offset, unsigned size)
{
    (void)instance;
    if (offset >= VGIC2_ITARGETSR && offset < VGIC2_ITARGETSR_END) {
        return targets_read(vcpu, (uint32_t)offset - VGIC2_ITARGETSR, size);
    }
    if (offset >= VGIC2_CPENDSGIR && offset < VGIC2_SPENDSGIR_END) {
        return vgic2_sgi_pending_read(vcpu, (uint32_t)offset % VGIC_SGI_COUNT, size);
    }
    if (offset >= VGIC_DIST_BANKS && offset < VGIC_DIST_BANKS_END) {
        return vgic_bank_read(vcpu, vgic2_bank_owner(vcpu, offset), offset, size);
    }
    if (size != 4) {
        return 0;
    }
    return offset == VGIC2_CTLR ? vgic_ctlr_read(vcpu) : vgic2_dist_fixed(vcpu, offset);
}

/* The pending state of SGIs is written by CPENDSGIR and SPENDSGIR alone (4.3.7). */
uint64_t vgic2_without_sgis(uint64_t offset, uint64_t value)
{
    bool pending = offset / 0x80 == VGIC_BANK_PEND || offset / 0x80 == VGIC_BANK_UNPEND;

    return pending && word_at(offset) == 0 ? value & ~(uint64_t)VGIC_SGI_MASK : value;
}

static void dist_write(struct vcpu *vcpu, uint32_t instance, uint64_t offset, unsigned size,
                       uint64_t value)
{
    uint32_t at = (uint32_t)offset;

    (void)instance;
    if (at >= VGIC2_ITARGETSR && at < VGIC2_ITARGETSR_END) {
        targets_write(vcpu, at - VGIC2_ITARGETSR, size, (uint32_t)value);
    } else if (at >= VGIC2_CPENDSGIR && at < VGIC2_SPENDSGIR_END) {
        vgic2_sgi_pending_write(vcpu, at % VGIC_SGI_COUNT, size, (uint32_t)value,
                                at >= VGIC2_SPENDSGIR);
    } else if (at >= VGIC_DIST_BANKS && at < VGIC_DIST_BANKS_END) {
        vgic_bank_write(vcpu, vgic2_bank_owner(vcpu, offset), offset, size,
                        vgic2_without_sgis(offset, value));
    } else if (at == VGIC2_CTLR && size == 4) {
        vgic_ctlr_write(vcpu, (uint32_t)value);
    } else if (at == VGIC2_SGIR && size == 4) {
        vgic2_sgi_send(vcpu, (uint32_t)value);
    }
}

const struct vdev_ops vgic_dist_ops = {
    .name = "gicd",
    .sizes = VDEV_SIZE_1 | VDEV_SIZE_4,
    .read = dist_read,
    .write = dist_write,
};
