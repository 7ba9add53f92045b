/* SPDX-License-Identifier: Apache-2.0 */
#include "vdev/vgic_state.h"

/* The redistributors (IHI 0069 12.11): for each vCPU, in order, an RD and an SGI frame of 64 KiB.
 * Any vCPU may access any of them. */

#define GICR_IIDR 0x4
#define GICR_TYPER 0x8
#define GICR_TYPER_HIGH 0xc

#define TYPER_LAST (1u << 4)
#define TYPER_NUMBER_SHIFT 8

/* Affinity_Value [63:32]: Aff3.Aff2.Aff1.Aff0. */
static uint64_t typer(const struct vcpu *vcpu, uint32_t index)
{
    uint64_t id = vcpu_rows[vcpu->vm_row->vcpu_first + index].guest_id;
    uint64_t affinity = (id >> 32 & 0xff) << 24 | (id & 0xffffff);

    return affinity << 32 | (uint64_t)index << TYPER_NUMBER_SHIFT |
           (index + 1u == vcpu_count_of(vcpu->vm_row) ? TYPER_LAST : 0);
}

bool vgic_redist_has_banks(uint64_t offset)
{
    return offset >= VGIC_REDIST_SGI_FRAME + VGIC_DIST_BANKS &&
           offset < VGIC_REDIST_SGI_FRAME + VGIC_DIST_BANKS_END;
}

uint64_t vgic_redist_fixed(const struct vcpu *vcpu, uint32_t index, uint64_t offset, unsigned size)
{
    if (offset == GICR_TYPER && size == 8) {
        return typer(vcpu, index);
    }
    if (size != 4) {
        return 0;
    }
    switch (offset) {
    case GICR_IIDR:
        return VGIC_IIDR;
    case GICR_TYPER:
        return typer(vcpu, index) & UINT32_MAX;
    case GICR_TYPER_HIGH:
        return typer(vcpu, index) >> 32;
    default:
        return vgic_id_read(offset, VGIC_PART_REDIST);
    }
}

/* Interrupts reach a sleeping redistributor's vCPU all the same: it is powered as long as it runs.
 */
static void waker_write(struct vgic_cpu *cpu, uint32_t value)
{
    atomic_store_explicit(&cpu->waker, vgic_waker_of(value), memory_order_relaxed);
}

static uint64_t redist_read(struct vcpu *vcpu, uint32_t instance, uint64_t offset, unsigned size)
{
    uint32_t index = (uint32_t)(offset / VGIC_REDIST_SIZE);
    uint64_t at = offset % VGIC_REDIST_SIZE;
    struct vgic_cpu *cpu = &vgic_cpus[vcpu->vm_row->vcpu_first + index];

    (void)instance;
    if (vgic_redist_has_banks(at)) {
        return vgic_bank_read(vcpu, cpu, at - VGIC_REDIST_SGI_FRAME, size);
    }
    return at == VGIC_REDIST_WAKER && size == 4 ? cpu->waker
                                                : vgic_redist_fixed(vcpu, index, at, size);
}

static void redist_write(struct vcpu *vcpu, uint32_t instance, uint64_t offset, unsigned size,
                         uint64_t value)
{
    uint64_t at = offset % VGIC_REDIST_SIZE;
    struct vgic_cpu *cpu = &vgic_cpus[vcpu->vm_row->vcpu_first + offset / VGIC_REDIST_SIZE];

    (void)instance;
    if (vgic_redist_has_banks(at)) {
        vgic_bank_write(vcpu, cpu, at - VGIC_REDIST_SGI_FRAME, size, value);
    } else if (at == VGIC_REDIST_WAKER && size == 4) {
        waker_write(cpu, (uint32_t)value);
    }
}

const struct vdev_ops vgic_redist_ops = {
    .name = "gicr",
    .sizes = VDEV_SIZE_1 | VDEV_SIZE_4 | VDEV_SIZE_8,
    .read = redist_read,
    .write = redist_write,
    .fast_read = vgic3_redist_fast_read,
    .fast_reads = FAST_TAKES_4 | FAST_TAKES_8,
    .fast_write = vgic3_redist_fast_write,
    .fast_writes = FAST_TAKES_4 | FAST_TAKES_8,
};
