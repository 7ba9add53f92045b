/* SPDX-License-Identifier: Apache-2.0 */
#include <arch_fast.h>

#include "platform/panic.h"
#include "vdev/vgic_state.h"

/*
 * Short ways (arch/fast.h) of interrupts.  An interrupt that ended in the list register in which it
 * was comes back there, as it was: nothing that software knows of it changes, so no lock is taken.
 * `lr_ready` says of which list registers this is true; whatever changes an interrupt that is
 * loaded folds the list registers first, or asks the vCPU to (vgic_wake()), after which none is
 * ready.
 *
 * An SGI to another vCPU goes by `sgis`, which the target takes when the IPI comes.
 */

#define SGI_INTID (UINT64_C(0xf) << 24)
#define SGI_LIST UINT64_C(0xffff)

/* May it come back to this list register?  `carried`: does it hold what was latched (SGIs only). */
void vgic3_fast_loaded(struct vgic_cpu *cpu, uint32_t lr, uint64_t value, bool carried)
{
    uint32_t intid = (uint32_t)value;
    uint32_t physical = (uint32_t)(value >> VGIC_LR_PHYSICAL_SHIFT) & VGIC_INTID_MASK;
    bool linked = (value & VGIC_LR_HW) != 0;

    cpu->lr_ready &= ~(1u << lr);
    if (lr >= ARCH_FAST_LRS || (linked ? carried : intid >= VGIC_SGI_COUNT || physical != 0)) {
        return;
    }
    cpu->lr_of[linked ? physical : intid] = (uint8_t)lr;
    cpu->lr_value[lr] = (value & ~VGIC_LR_ACTIVE) | VGIC_LR_PENDING;
    cpu->lr_ready |= 1u << lr;
}

/* The list register to which `intid` may come back now, or ARCH_FAST_LRS.  The physical INTIDs of
 * SGIs never come here, so guests' SGIs and physical interrupts share `lr_of`. */
static inline uint32_t ready_lr(const struct vgic_cpu *cpu, uint32_t intid)
{
    uint32_t lr = cpu->lr_of[intid];

    return ((arch_fast_lr_empty() & cpu->lr_ready) >> lr & 1u) != 0 ? lr : ARCH_FAST_LRS;
}

static inline uint32_t ready_sgi(const struct vgic_cpu *cpu, uint32_t sgi)
{
    uint32_t lr = ready_lr(cpu, sgi);

    return lr != ARCH_FAST_LRS && (uint32_t)cpu->lr_value[lr] == sgi ? lr : ARCH_FAST_LRS;
}

static inline void sgi_again(struct vgic_cpu *cpu, uint32_t sgi, uint32_t lr)
{
    cpu->private.carried |= 1u << sgi;
    arch_fast_lr_set(lr, cpu->lr_value[lr]);
}

/* --- SGIs of the guest --- */

static inline bool sgi_send(struct vcpu *target, uint32_t sgi)
{
    struct vgic_cpu *cpu = target->vgic_cpu;

    if (!atomic_load_explicit(&cpu->running, memory_order_relaxed)) {
        return false;
    }
    atomic_fetch_or_explicit(&cpu->sgis, 1u << sgi, memory_order_relaxed);
    arch_fast_ipi(cpu->ipi);
    return true;
}

ARCH_FAST_CALL bool fast_sgi(struct vcpu *vcpu, uint64_t sgi1r)
{
    struct vgic_cpu *cpu = vcpu->vgic_cpu;
    uint64_t targets = sgi1r & ~SGI_INTID;
    uint32_t sgi = (uint32_t)(sgi1r >> 24) & 0xfu;
    uint32_t list = (uint32_t)(targets & SGI_LIST);

    if (targets == cpu->sgi_self) {
        uint32_t lr = ready_sgi(cpu, sgi);

        if (lr == ARCH_FAST_LRS) {
            return false;
        }
        sgi_again(cpu, sgi, lr);
        return true;
    }
    /* One other vCPU of this cluster. */
    if ((targets ^ cpu->sgi_self) > SGI_LIST || (list & (list - 1)) != 0 || list > cpu->sgi_last ||
        list == 0 || VCPU_MAX_PER_VM == 1) {
        return false;
    }
    return sgi_send(&vcpus[vcpu->vm_row->vcpu_first + (uint32_t)__builtin_ctz(list)], sgi);
}

/* --- Physical interrupts --- */

/* One SGI, which nobody else latched meanwhile (vgic_drain_sgis()). */
static inline bool sgi_take(struct vgic_cpu *cpu, uint32_t bit)
{
    uint32_t sgi = (uint32_t)__builtin_ctz(bit);
    uint32_t lr = ready_sgi(cpu, sgi);

    if ((bit & (bit - 1)) != 0 || lr == ARCH_FAST_LRS) {
        return false;
    }
    if ((atomic_fetch_and_explicit(&cpu->sgis, ~bit, memory_order_acquire) & bit) != 0) {
        sgi_again(cpu, sgi, lr);
    }
    return true;
}

/* The hypervisor's IPI, which came for an SGI or for nothing any more; not for a panic. */
static inline bool ipi_take(struct vcpu *vcpu)
{
    struct vgic_cpu *cpu = vcpu->vgic_cpu;
    uint32_t sgis = vgic_sgis_sent(cpu);

    if (atomic_load_explicit(&panic_begun, memory_order_relaxed) ||
        atomic_load_explicit(&vcpu->requests, memory_order_relaxed) != 0 ||
        (sgis != 0 && !sgi_take(cpu, sgis))) {
        return false;
    }
    arch_fast_drop(ARCH_IRQ_IPI);
    arch_fast_deactivate(ARCH_IRQ_IPI);
    return true;
}

ARCH_FAST_CALL uint32_t fast_irq(struct vcpu *vcpu)
{
    const struct vgic_cpu *cpu = vcpu->vgic_cpu;
    uint32_t intid = arch_fast_ack();
    uint32_t lr;

    if (intid >= VGIC_PHYSICAL_COUNT) {
        return intid;
    }
    if (intid == ARCH_IRQ_IPI) {
        return ipi_take(vcpu) ? FAST_IRQ_DONE : intid;
    }
    lr = ready_lr(cpu, intid);
    if (lr == ARCH_FAST_LRS ||
        ((uint32_t)(cpu->lr_value[lr] >> VGIC_LR_PHYSICAL_SHIFT) & VGIC_INTID_MASK) != intid) {
        return intid;
    }
    arch_fast_drop(intid);
    arch_fast_lr_set(lr, cpu->lr_value[lr]);
    return FAST_IRQ_DONE;
}
