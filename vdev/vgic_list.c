/* SPDX-License-Identifier: Apache-2.0 */
#include "vdev/vgic_state.h"

/*
 * List registers of own CPU.  Fold takes all of them into software; fill loads what is most urgent:
 * first the best pending interrupt, then active ones (their end then needs no exit), then more
 * pending ones.  So a pending one is always there when others are left out, and the "none pending"
 * maintenance interrupt says when to look again.
 *
 * Active interrupts that found no place: their end shows in EOIcount (EOImode = 0: priorities end
 * most urgent first, so that tells which) or traps (ICC_DIR_EL1).  A VM with several vCPUs traps
 * ICC_DIR_EL1 always, because it may name an interrupt that another vCPU has loaded.
 *
 * Two things only a guest that does them to itself can see: where it changes the priority of an
 * active interrupt that is left out, EOIcount may end another one first; and interrupts of a group
 * that its CPU interface masks (ICC_IGRPEN<n>_EL1) can fill the list registers.
 */

/* Interrupts that want a list register. */
struct waiting {
    uint32_t words; /* bit n: bits[n] is not 0 */
    uint32_t bits[VGIC_WORDS];
};

static uint32_t bit_of(uint32_t intid)
{
    return 1u << (intid % 32);
}

static void wait_in(struct waiting *waiting, uint32_t word, uint32_t bits)
{
    waiting->bits[word] = bits;
    waiting->words = bits != 0 ? waiting->words | 1u << word : waiting->words & ~(1u << word);
}

/* Takes the most urgent one out; there is one. */
static uint32_t take(struct waiting *waiting, struct vgic *gic, struct vgic_cpu *cpu)
{
    uint32_t best = UINT32_MAX; /* priority << 16 | INTID */
    uint32_t words = waiting->words;
    uint32_t from = 0;

    do {
        uint32_t index = (uint32_t)__builtin_ctz(words);
        struct vgic_word *word = vgic_word(gic, cpu, index);
        uint32_t n = vgic_most_urgent(word, waiting->bits[index]);
        uint32_t candidate = ((uint32_t)word->priority[n] << 16) | (32 * index + n);

        if (candidate < best) {
            best = candidate;
            from = index;
        }
        words &= words - 1;
    } while (words != 0);
    wait_in(waiting, from, waiting->bits[from] & ~bit_of(best));
    return best & 0xffff;
}

static uint32_t ready_bits(struct vgic *gic, const struct vgic_cpu *cpu,
                           const struct vgic_word *word, uint32_t index)
{
    return vgic_pending(word) & ~word->loaded & ~word->active & vgic_allowed(gic, cpu, word, index);
}

static void find_pending(struct waiting *waiting, struct vgic *gic, struct vgic_cpu *cpu)
{
    waiting->words = 0;
    wait_in(waiting, 0, ready_bits(gic, cpu, &cpu->private, 0));
    for (uint32_t hot = gic->hot; hot != 0; hot &= hot - 1) {
        uint32_t index = (uint32_t)__builtin_ctz(hot);
        const struct vgic_word *word = gic->spi + index - 1;

        if (vgic_pending(word) == 0) {
            gic->hot &= ~(1u << index);
            continue;
        }
        wait_in(waiting, index, ready_bits(gic, cpu, word, index));
    }
}

static void find_active(struct waiting *waiting, struct vgic *gic, struct vgic_cpu *cpu)
{
    waiting->words = 0;
    for (uint32_t busy = cpu->busy; busy != 0; busy &= busy - 1) {
        uint32_t index = (uint32_t)__builtin_ctz(busy);
        uint32_t active = vgic_word(gic, cpu, index)->active & cpu->mine[index];

        if (active == 0) {
            cpu->busy &= ~(1u << index);
        }
        wait_in(waiting, index, active);
    }
}

void vgic_latch(struct vgic *gic, struct vgic_cpu *cpu, uint32_t word, uint32_t bits)
{
    vgic_word(gic, cpu, word)->latch |= bits;
    if (word != 0) {
        gic->hot |= 1u << word;
    }
}

void vgic_deactivate_bits(struct vcpu *vcpu, struct vgic_cpu *cpu, uint32_t word, uint32_t bits)
{
    struct vgic_word *state = vgic_word(vgic_of(vcpu), cpu, word);

    bits &= state->active;
    state->active &= ~bits;
    for (uint32_t i = 0; word != 0 && i < vcpu_count_of(vcpu->vm_row); i++) {
        vgic_cpus[vcpu->vm_row->vcpu_first + i].mine[word] &= ~bits;
    }
    vgic_physical_release(vcpu, cpu, word, bits & ~state->arrived);
}

void vgic_wake_others(struct vcpu *vcpu, struct vgic_cpu *cpu, uint32_t word, uint32_t bits)
{
    struct vgic *gic = vgic_of(vcpu);
    const struct vgic_word *state = vgic_word(gic, cpu, word);

    for (uint32_t i = 0; i < vcpu_count_of(vcpu->vm_row); i++) {
        struct vcpu *other = &vcpus[vcpu->vm_row->vcpu_first + i];
        struct vgic_cpu *its = vgic_cpu_of(other);

        if (other == vcpu || (word == 0 && its != cpu)) {
            continue;
        }
        if ((bits & ((state->loaded & its->mine[word]) | ready_bits(gic, its, state, word))) != 0) {
            vcpu_request(other, VCPU_REQUEST_VGIC);
        }
    }
}

/* Linked level interrupts that arrived, but whose lines have gone low, are not pending any more. */
static void withdraw_low(struct vcpu *vcpu, const struct vgic_word *word, uint32_t index)
{
    struct vgic_cpu *cpu = vgic_cpu_of(vcpu);
    uint32_t level = word->arrived & ~word->edge;

    if (level != 0) {
        level &= ~vgic_physical_pending(vcpu, cpu, index);
        vgic_give_back(vcpu, cpu, index, level, false);
    }
}

static void fold_one(struct vcpu *vcpu, uint32_t lr)
{
    struct vgic_cpu *cpu = vgic_cpu_of(vcpu);
    uint32_t index = cpu->lr_intid[lr] / 32u;
    uint32_t bit = bit_of(cpu->lr_intid[lr]);
    struct vgic_word *word = vgic_word(vgic_of(vcpu), cpu, index);
    uint64_t value = arch_lr_get(lr);

    word->loaded &= ~bit;
    if ((value & VGIC_LR_PENDING) != 0) {
        vgic_latch(vgic_of(vcpu), cpu, index, word->carried & bit);
        word->arrived |= (value & VGIC_LR_HW) != 0 ? bit : 0;
    }
    word->carried &= ~bit;
    if (CONFIG_VDEV_VGIC2 && cpu->lr_intid[lr] < VGIC_SGI_COUNT) {
        vgic2_sgi_fold(cpu, cpu->lr_intid[lr], value);
    }
    if ((value & VGIC_LR_ACTIVE) != 0) {
        word->active |= bit;
        cpu->busy |= 1u << index;
        return;
    }
    if (index != 0) {
        cpu->mine[index] &= ~bit;
    }
    if ((value & VGIC_LR_PENDING) != 0) {
        return;
    }
    if ((value & VGIC_LR_HW) != 0) {
        word->held &= ~bit | word->arrived; /* it may have arrived again, at another vCPU */
    } else {
        vgic_physical_release(vcpu, cpu, index, bit & ~word->arrived);
    }
    if (index != 0 && (vgic_pending(word) & bit & ~cpu->target[index]) != 0) {
        vgic_wake(vcpu, cpu, index, bit);
    }
}

bool vgic_drain_sgis(struct vgic_cpu *cpu)
{
    if (vgic_sgis_sent(cpu) == 0) {
        return false;
    }
    cpu->private.latch |= atomic_exchange_explicit(&cpu->sgis, 0, memory_order_acquire);
    return true;
}

void vgic_fold(struct vcpu *vcpu)
{
    struct vgic *gic = vgic_of(vcpu);
    struct vgic_cpu *cpu = vgic_cpu_of(vcpu);
    uint32_t ended = (cpu->when & ARCH_LR_WHEN_ABSENT) != 0 ? arch_lr_eoi_count() : 0;

    for (; ended != 0; ended--) {
        struct waiting active;
        uint32_t intid;

        find_active(&active, gic, cpu);
        if (active.words == 0) {
            break;
        }
        intid = take(&active, gic, cpu);
        vgic_deactivate_bits(vcpu, cpu, intid / 32, bit_of(intid));
        vgic_wake(vcpu, cpu, intid / 32, bit_of(intid));
    }
    for (uint32_t used = cpu->lr_used; used != 0; used &= used - 1) {
        fold_one(vcpu, (uint32_t)__builtin_ctz(used));
    }
    cpu->lr_written |= cpu->lr_used;
    cpu->lr_used = 0;
    cpu->lr_ready = 0;
    (void)vgic_drain_sgis(cpu);
    withdraw_low(vcpu, &cpu->private, 0);
    for (uint32_t hot = gic->hot; hot != 0; hot &= hot - 1) {
        uint32_t index = (uint32_t)__builtin_ctz(hot);

        withdraw_low(vcpu, gic->spi + index - 1, index);
    }
}

/* The state part of a list register for an active interrupt.  What is pending besides stays in
 * software, so that it takes its turn by priority, and wants to know of the end: by the maintenance
 * interrupt, which only HW=0 has. */
static uint64_t active_state(const struct vgic_word *word, uint32_t bit)
{
    if ((vgic_pending(word) & bit) != 0) {
        return VGIC_LR_ACTIVE | VGIC_LR_EOI;
    }
    return VGIC_LR_ACTIVE | ((word->held & bit) != 0 ? VGIC_LR_HW : 0);
}

static uint64_t pending_state(struct vgic_word *word, uint32_t bit)
{
    word->carried = (word->carried & ~bit) | (word->latch & bit);
    word->latch &= ~bit;
    if ((word->arrived & bit) != 0) {
        word->arrived &= ~bit;
        return VGIC_LR_PENDING | VGIC_LR_HW;
    }
    return VGIC_LR_PENDING | ((vgic_pending(word) & bit) != 0 ? VGIC_LR_EOI : 0);
}

static void load(struct vcpu *vcpu, uint32_t lr, uint32_t intid)
{
    struct vgic *gic = vgic_of(vcpu);
    struct vgic_cpu *cpu = vgic_cpu_of(vcpu);
    uint32_t index = intid / 32;
    uint32_t bit = bit_of(intid);
    struct vgic_word *word = vgic_word(gic, cpu, index);
    uint64_t value = (word->active & bit) != 0 ? active_state(word, bit) : pending_state(word, bit);

    if (CONFIG_VDEV_VGIC2 && intid < VGIC_SGI_COUNT) {
        value |= vgic2_sgi_load(cpu, intid, value);
    }
    if ((value & VGIC_LR_HW) != 0) {
        value |= (uint64_t)vgic_physical_intid(vcpu->vm, intid) << VGIC_LR_PHYSICAL_SHIFT;
    }
    if ((word->group & bit) != 0) {
        value |= VGIC_LR_GROUP1;
    }
    value |= (uint64_t)word->priority[intid % 32] << VGIC_LR_PRIORITY_SHIFT | intid;
    word->active &= ~bit;
    word->loaded |= bit;
    cpu->mine[index] |= bit;
    cpu->lr_used |= 1u << lr;
    cpu->lr_intid[lr] = (uint16_t)intid;
    if (CONFIG_FAST_PATHS && CONFIG_VDEV_VGIC3) {
        vgic3_fast_loaded(cpu, lr, value, (word->carried & bit) != 0);
    }
    arch_lr_set(lr, value);
}

/* Asks for the maintenance interrupts that what was left out needs. */
static void control(struct vcpu *vcpu, bool pending_left, bool active_left)
{
    struct vgic_cpu *cpu = vgic_cpu_of(vcpu);
    uint32_t when = vcpu_count_of(vcpu->vm_row) > 1 ? ARCH_LR_TRAP_DIR : 0;

    if (pending_left) {
        when |= ARCH_LR_WHEN_NO_PENDING;
    }
    if (active_left) {
        when |= ARCH_LR_WHEN_ABSENT | ARCH_LR_TRAP_DIR;
        if ((cpu->when & ARCH_LR_WHEN_ABSENT) == 0) {
            (void)arch_lr_eoi_count(); /* ends that no interrupt was left for */
        }
    }
    if (pending_left || active_left) {
        cpu->lr_ready = 0; /* what comes must be compared with what waits */
    }
    if (when != cpu->when) {
        cpu->when = when;
        arch_lr_control(when);
    }
}

void vgic_fill(struct vcpu *vcpu)
{
    struct vgic *gic = vgic_of(vcpu);
    struct vgic_cpu *cpu = vgic_cpu_of(vcpu);
    uint32_t count = arch_lr_count();
    struct waiting pending;
    struct waiting active;

    find_pending(&pending, gic, cpu);
    find_active(&active, gic, cpu);
    for (uint32_t lr = 0; lr < count && (pending.words | active.words) != 0; lr++) {
        bool to_active = active.words != 0 && (lr != 0 || pending.words == 0);

        load(vcpu, lr, take(to_active ? &active : &pending, gic, cpu));
    }
    for (uint32_t rest = cpu->lr_written & ~cpu->lr_used; rest != 0; rest &= rest - 1) {
        arch_lr_set((uint32_t)__builtin_ctz(rest), 0);
    }
    cpu->lr_written = cpu->lr_used;
    control(vcpu, pending.words != 0, active.words != 0);
}

/* The list register for an interrupt that comes alone: the one it had when it last ended here, or
 * one never used since the last fill; VGIC_LR_MAX: none. */
static uint32_t free_list_register(const struct vgic_cpu *cpu, const struct vgic_word *word,
                                   uint32_t intid)
{
    bool loaded = (word->loaded & bit_of(intid)) != 0;
    bool mine = (cpu->mine[intid / 32] & bit_of(intid)) != 0;
    uint32_t empty = arch_lr_empty() & (loaded ? cpu->lr_used : ~cpu->lr_used);

    for (; empty != 0; empty &= empty - 1) {
        uint32_t lr = (uint32_t)__builtin_ctz(empty);

        if (!loaded || (mine && cpu->lr_intid[lr] == intid)) {
            return lr;
        }
    }
    return VGIC_LR_MAX;
}

bool vgic_fill_one(struct vcpu *vcpu, uint32_t intid, bool arrived)
{
    struct vgic *gic = vgic_of(vcpu);
    struct vgic_cpu *cpu = vgic_cpu_of(vcpu);
    uint32_t bit = bit_of(intid);
    struct vgic_word *word = vgic_word(gic, cpu, intid / 32);
    uint32_t lr;

    if ((cpu->when & (ARCH_LR_WHEN_NO_PENDING | ARCH_LR_WHEN_ABSENT)) != 0 ||
        (vgic_allowed(gic, cpu, word, intid / 32) & ~word->active & ~word->latch & bit) == 0) {
        return false;
    }
    lr = free_list_register(cpu, word, intid);
    if (lr == VGIC_LR_MAX) {
        return false;
    }
    if (arrived) {
        word->held |= bit;
        word->arrived |= bit;
    } else {
        word->latch |= bit;
    }
    load(vcpu, lr, intid);
    return true;
}

/* What the guest pends together must come in its order, also with what is pending in list
 * registers: so these have to be empty where only the first one gets a place. */
bool vgic_pend(struct vcpu *vcpu, uint32_t index, uint32_t bits)
{
    struct vgic *gic = vgic_of(vcpu);
    struct vgic_cpu *cpu = vgic_cpu_of(vcpu);
    struct vgic_word *word = vgic_word(gic, cpu, index);
    uint32_t taken = vgic_pending(word) | word->active | (word->loaded & ~cpu->mine[index]);
    uint32_t first = bits;

    if ((bits & (taken | ~vgic_allowed(gic, cpu, word, index))) != 0) {
        return false;
    }
    if ((bits & (bits - 1)) != 0) {
        if ((cpu->lr_used & ~arch_lr_empty()) != 0) {
            return false;
        }
        first = 1u << vgic_most_urgent(word, bits);
    }
    if (!vgic_fill_one(vcpu, 32 * index + (uint32_t)__builtin_ctz(first), false)) {
        return false;
    }
    if (first != bits) {
        vgic_latch(gic, cpu, index, bits & ~first);
        cpu->lr_ready = 0;
        cpu->when |= ARCH_LR_WHEN_NO_PENDING;
        arch_lr_control(cpu->when);
    }
    return true;
}
