/* SPDX-License-Identifier: Apache-2.0 */
#include "vdev/vgic_state.h"

/*
 * The recall protocol: a vCPU R needs state that vCPU T has in its list registers.
 *
 *   R takes the VM's `recaller` (one vCPU at a time; while it waits for it, R answers recalls of
 *     itself), sets T's recall to ASKED and requests VCPU_REQUEST_RECALL.
 *   T, in vgic_recall(), folds its list registers under the VM's lock, sets FOLDED, and waits.
 *   R sees FOLDED, takes the VM's lock, reads and changes what it wants, drops the lock, sets T's
 *     recall to NONE and gives `recaller` back.
 *   T sees NONE, fills its list registers again and goes on.
 *
 * Nobody waits here with the VM's lock held, and only R waits for others while it holds `recaller`:
 *   - two vCPUs that want to recall each other: one gets `recaller`, the other answers.
 *   - T waits for the VM's lock: its holder does not wait for anybody.
 *   - T is off: vgic_vcpu_park() folded its list registers and cleared `running`; R does not wait
 *     for it.  A T that starts meanwhile sets `running` before it looks at its recall, R sets the
 *     recall before it looks at `running`: one of both sees the other (all sequentially
 * consistent).
 *   - T's CPU stops for another reason: it parks its vCPU before it waits for anything (vgic.h).
 */

enum vgic_recall_state { RECALL_NONE, RECALL_ASKED, RECALL_FOLDED };

static void lock(struct vcpu *vcpu)
{
    if (vcpu_count_of(vcpu->vm_row) > 1) {
        lock_take(&vgic_of(vcpu)->lock);
    }
}

static void unlock(struct vcpu *vcpu)
{
    if (vcpu_count_of(vcpu->vm_row) > 1) {
        lock_drop(&vgic_of(vcpu)->lock);
    }
}

static bool is_recaller(const struct vcpu *vcpu)
{
    return atomic_load(&vgic_of(vcpu)->recaller) == vcpu->index + 1u;
}

static void answer(struct vcpu *vcpu)
{
    struct vgic_cpu *cpu = vgic_cpu_of(vcpu);

    while (atomic_load(&cpu->recall) == RECALL_ASKED) {
        uint32_t asked = RECALL_ASKED;

        lock(vcpu);
        vgic_fold(vcpu);
        unlock(vcpu);
        /* R may be done already, where it found T not running. */
        if (!atomic_compare_exchange_strong(&cpu->recall, &asked, RECALL_FOLDED)) {
            continue;
        }
        arch_cpu_wake();
        while (atomic_load(&cpu->recall) == RECALL_FOLDED) {
            arch_cpu_relax();
        }
    }
}

void vgic_recall(struct vcpu *vcpu)
{
    if (VCPU_MAX_PER_VM > 1 && atomic_load(&vgic_cpu_of(vcpu)->recall) != RECALL_NONE) {
        answer(vcpu);
        vgic_refill(vcpu);
    }
}

static void become_recaller(struct vcpu *vcpu)
{
    struct vgic *gic = vgic_of(vcpu);
    uint32_t nobody = 0;

    while (!atomic_compare_exchange_strong(&gic->recaller, &nobody, vcpu->index + 1u)) {
        nobody = 0;
        answer(vcpu);
        arch_cpu_relax();
    }
}

/* Stops `others` (bitmap of vCPUs within the VM); lock not held. */
static void freeze(struct vcpu *vcpu, uint32_t others)
{
    uint32_t first = vcpu->vm_row->vcpu_first;

    if (!is_recaller(vcpu)) {
        become_recaller(vcpu);
    }
    for (uint32_t left = others; left != 0; left &= left - 1) {
        uint32_t index = first + (uint32_t)__builtin_ctz(left);

        atomic_store(&vgic_cpus[index].recall, RECALL_ASKED);
        arch_cpu_wake();
        vcpu_request(&vcpus[index], VCPU_REQUEST_RECALL);
    }
    for (uint32_t left = others; left != 0; left &= left - 1) {
        const struct vgic_cpu *cpu = &vgic_cpus[first + (uint32_t)__builtin_ctz(left)];

        while (atomic_load(&cpu->recall) == RECALL_ASKED && atomic_load(&cpu->running)) {
            arch_cpu_relax();
        }
    }
    vgic_of(vcpu)->frozen |= others;
}

static void thaw(struct vcpu *vcpu)
{
    struct vgic *gic = vgic_of(vcpu);

    for (uint32_t left = gic->frozen; left != 0; left &= left - 1) {
        uint32_t index = vcpu->vm_row->vcpu_first + (uint32_t)__builtin_ctz(left);

        atomic_store(&vgic_cpus[index].recall, RECALL_NONE);
    }
    gic->frozen = 0;
    atomic_store(&gic->recaller, 0);
    arch_cpu_wake();
}

/* The other vCPUs that have one of `bits` loaded, or active (they may know that it ended). */
static uint32_t holders(const struct vcpu *vcpu, struct vgic_cpu *cpu, uint32_t word, uint32_t bits)
{
    const struct vgic_word *state = vgic_word(vgic_of(vcpu), cpu, word);
    uint32_t found = 0;

    if (vcpu_count_of(vcpu->vm_row) == 1) {
        return 0;
    }
    bits &= state->loaded | state->active;
    for (uint32_t i = 0; bits != 0 && i < vcpu_count_of(vcpu->vm_row); i++) {
        uint32_t index = vcpu->vm_row->vcpu_first + i;
        const struct vgic_cpu *its = &vgic_cpus[index];

        if (index != vcpu->index && (word != 0 || its == cpu) && (its->mine[word] & bits) != 0) {
            found |= 1u << i;
        }
    }
    return found;
}

void vgic_enter(struct vcpu *vcpu)
{
    lock(vcpu);
}

void vgic_enter_exact(struct vcpu *vcpu, struct vgic_cpu *cpu, uint32_t word, uint32_t bits)
{
    uint32_t frozen = 0;

    lock(vcpu);
    for (;;) {
        uint32_t others = holders(vcpu, cpu, word, bits) & ~frozen;

        if (others == 0) {
            return;
        }
        unlock(vcpu);
        freeze(vcpu, others);
        frozen |= others;
        lock(vcpu);
    }
}

void vgic_enter_alone(struct vcpu *vcpu)
{
    uint32_t all = UINT32_MAX >> (32u - vcpu_count_of(vcpu->vm_row));

    if (vcpu_count_of(vcpu->vm_row) > 1) {
        freeze(vcpu, all & ~(1u << vcpu->row->index));
    }
    lock(vcpu);
}

void vgic_leave(struct vcpu *vcpu)
{
    unlock(vcpu);
    if (vcpu_count_of(vcpu->vm_row) > 1 && is_recaller(vcpu)) {
        thaw(vcpu);
    }
}
