/* SPDX-License-Identifier: Apache-2.0 */
#include "vdev/vgic2_state.h"

/*
 * SGIs of a GICv2 (IHI 0048 4.3.15 to 4.3.17): each is pending apart for each vCPU that sent it;
 * the one that is acknowledged shows its sender, and while it is active the others wait.  A latch
 * in `private` says that some sender's is pending; here is whose.
 */

#define SGIR_FILTER_SHIFT 24
#define SGIR_FILTER 0x3u
enum sgir_filter { SGIR_LIST, SGIR_OTHERS, SGIR_SELF };

/* Where a list register without HW has the sender, in the physical INTID's place. */
#define LR_SOURCE_SHIFT VGIC_LR_PHYSICAL_SHIFT
#define LR_SOURCE 0x7u

struct sgis {
    uint8_t pending[VGIC_SGI_COUNT]; /* bitmap of senders */
    uint8_t active[VGIC_SGI_COUNT];  /* sender of the one that is active, in software */
};

static struct sgis sgis[VCPU_COUNT];

static struct sgis *sgis_of(const struct vgic_cpu *cpu)
{
    return &sgis[cpu - vgic_cpus];
}

void vgic2_sgi_reset(struct vgic_cpu *cpu)
{
    *sgis_of(cpu) = (struct sgis){ .pending = { 0 }, .active = { 0 } };
}

/* Pending: one sender's; where there are more, their turn comes at its end. */
uint64_t vgic2_sgi_load(struct vgic_cpu *cpu, uint32_t sgi, uint64_t state)
{
    uint8_t *pending = &sgis_of(cpu)->pending[sgi];
    uint64_t source;

    if ((state & VGIC_LR_ACTIVE) != 0) {
        return (uint64_t)sgis_of(cpu)->active[sgi] << LR_SOURCE_SHIFT;
    }
    source = (uint64_t)__builtin_ctz(*pending);
    *pending &= (uint8_t)(*pending - 1);
    if (*pending == 0) {
        return source << LR_SOURCE_SHIFT;
    }
    cpu->private.latch |= 1u << sgi;
    return source << LR_SOURCE_SHIFT | VGIC_LR_EOI;
}

void vgic2_sgi_fold(struct vgic_cpu *cpu, uint32_t sgi, uint64_t value)
{
    uint8_t source = (uint8_t)(value >> LR_SOURCE_SHIFT & LR_SOURCE);

    if ((value & VGIC_LR_PENDING) != 0) {
        sgis_of(cpu)->pending[sgi] |= (uint8_t)(1u << source);
    }
    if ((value & VGIC_LR_ACTIVE) != 0) {
        sgis_of(cpu)->active[sgi] = source;
    }
}

static void pend(struct vcpu *vcpu, struct vcpu *target, uint32_t sgi)
{
    struct vgic_cpu *cpu = vgic_cpu_of(target);

    if (target == vcpu) {
        vgic_fold(vcpu);
    }
    sgis_of(cpu)->pending[sgi] |= (uint8_t)(1u << vcpu->row->index);
    vgic_latch(vgic_of(vcpu), cpu, 0, 1u << sgi);
    if (target == vcpu) {
        vgic_fill(vcpu);
    } else {
        vgic_wake(vcpu, cpu, 0, 1u << sgi);
    }
}

bool vgic2_sgi_reaches(uint32_t sgir, bool listed, bool self)
{
    switch (sgir >> SGIR_FILTER_SHIFT & SGIR_FILTER) {
    case SGIR_LIST:
        return listed;
    case SGIR_OTHERS:
        return !self;
    case SGIR_SELF:
        return self;
    default:
        return false;
    }
}

void vgic2_sgi_send(struct vcpu *vcpu, uint32_t sgir)
{
    uint32_t list = sgir >> VGIC2_SGIR_TARGETS_SHIFT;

    vgic_enter(vcpu);
    for (uint32_t i = 0; i < vcpu->vm_row->vcpu_count; i++) {
        if (vgic2_sgi_reaches(sgir, i < 8 && (list >> i & 1u) != 0, i == vcpu->row->index)) {
            pend(vcpu, &vcpus[vcpu->vm_row->vcpu_first + i], sgir & VGIC2_SGIR_SGI);
        }
    }
    vgic_leave(vcpu);
}

uint32_t vgic2_sgi_pending_read(struct vcpu *vcpu, uint32_t first, unsigned size)
{
    const struct sgis *own = sgis_of(vgic_cpu_of(vcpu));
    uint32_t value = 0;

    vgic_enter(vcpu);
    vgic_fold(vcpu);
    for (unsigned i = 0; i < size; i++) {
        value |= (uint32_t)own->pending[first + i] << (8 * i);
    }
    vgic_fill(vcpu);
    vgic_leave(vcpu);
    return value;
}

void vgic2_sgi_pending_write(struct vcpu *vcpu, uint32_t first, unsigned size, uint32_t value,
                             bool set)
{
    struct vgic_cpu *cpu = vgic_cpu_of(vcpu);
    uint32_t all = UINT32_MAX >> (32u - vcpu->vm_row->vcpu_count);

    vgic_enter(vcpu);
    vgic_fold(vcpu);
    for (unsigned i = 0; i < size; i++) {
        uint8_t *pending = &sgis_of(cpu)->pending[first + i];
        uint8_t bits = (uint8_t)(value >> (8 * i) & all);
        uint32_t bit = 1u << (first + i);

        *pending = set ? *pending | bits : *pending & (uint8_t)~bits;
        cpu->private.latch = *pending != 0 ? cpu->private.latch | bit : cpu->private.latch & ~bit;
    }
    vgic_fill(vcpu);
    vgic_leave(vcpu);
}
