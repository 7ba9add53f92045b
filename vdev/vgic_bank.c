/* SPDX-License-Identifier: Apache-2.0 */
#include "vdev/vgic_bank.h"
#include "vdev/notice.h"
#include "vdev/vgic_state.h"

/*
 * The registers that hold 32 interrupts each, at the same offsets in the distributor (SPIs) and in
 * the redistributor's SGI frame (word 0): IHI 0069 12.9 and 12.11.  A write folds own list
 * registers, changes the state in software, and fills them again.
 */

static uint32_t word_count(const struct vcpu *vcpu)
{
    return 1 + vgic_rows[vcpu->vm].spi_count / 32u;
}

/* The distributor has no SGIs and PPIs: affinity routing moves them to the redistributors, and
 * GICv2's has those of each CPU for itself.  `cpu` is NULL for an access to the distributor. */
static bool word_exists(const struct vcpu *vcpu, const struct vgic_cpu *cpu, uint32_t word)
{
    return cpu != NULL ? word == 0 : word != 0 && word < word_count(vcpu);
}

/* What other vCPUs sent to `cpu` is latched, before somebody else looks; it still has to look. */
static void settle(struct vcpu *vcpu, struct vgic_cpu *cpu, uint32_t word)
{
    if (word == 0 && cpu != vgic_cpu_of(vcpu) && vgic_drain_sgis(cpu)) {
        vcpu_request(&vcpus[cpu - vgic_cpus], VCPU_REQUEST_VGIC);
    }
}

static uint32_t read_state(struct vcpu *vcpu, struct vgic_cpu *cpu, uint32_t word, bool active)
{
    const struct vgic_word *state = vgic_word(vgic_of(vcpu), cpu, word);
    uint32_t value;

    vgic_change_begin(vcpu, cpu, word, UINT32_MAX);
    vgic_drain_inbox(vcpu);
    value = active ? state->active : vgic_pending(state) | vgic_physical_pending(vcpu, cpu, word);
    vgic_change_end(vcpu, cpu, word, 0);
    return value;
}

static uint64_t read_priority(struct vcpu *vcpu, struct vgic_cpu *cpu, uint32_t intid,
                              unsigned size)
{
    const uint8_t *priority = &vgic_word(vgic_of(vcpu), cpu, intid / 32)->priority[intid % 32];
    uint64_t value = 0;

    vgic_enter(vcpu);
    for (unsigned i = 0; i < size; i++) {
        value |= (uint64_t)priority[i] << (8 * i);
    }
    vgic_leave(vcpu);
    return value;
}

/* ICFGR: two bits an interrupt, the upper one: edge. */
static uint32_t read_config(struct vcpu *vcpu, struct vgic_cpu *cpu, uint32_t intid)
{
    uint32_t edge;
    uint32_t value = 0;

    vgic_enter(vcpu);
    edge = vgic_word(vgic_of(vcpu), cpu, intid / 32)->edge;
    vgic_leave(vcpu);
    for (uint32_t i = 0; i < 16; i++) {
        value |= ((edge >> (intid % 32 + i)) & 1u) << (2 * i + 1);
    }
    return value;
}

static uint64_t read_word(struct vcpu *vcpu, struct vgic_cpu *cpu, uint32_t bank, uint32_t word)
{
    const struct vgic_word *state = vgic_word(vgic_of(vcpu), cpu, word);

    switch (bank) {
    case VGIC_BANK_GROUP:
        return state->group;
    case VGIC_BANK_ENABLE:
    case VGIC_BANK_DISABLE:
        return state->enabled;
    case VGIC_BANK_PEND:
    case VGIC_BANK_UNPEND:
        return read_state(vcpu, cpu, word, false);
    case VGIC_BANK_ACTIVATE:
    case VGIC_BANK_DEACTIVATE:
        return read_state(vcpu, cpu, word, true);
    default:
        return 0;
    }
}

uint64_t vgic_bank_read(struct vcpu *vcpu, struct vgic_cpu *cpu, uint64_t offset, unsigned size)
{
    struct vgic_cpu *own = cpu != NULL ? cpu : vgic_cpu_of(vcpu);
    uint32_t at = (uint32_t)offset;

    if (at >= VGIC_PRIORITY_BASE && at < VGIC_PRIORITY_END) {
        uint32_t intid = at - VGIC_PRIORITY_BASE;

        return size <= 4 && word_exists(vcpu, cpu, intid / 32)
                   ? read_priority(vcpu, own, intid, size)
                   : 0;
    }
    if (size != 4) {
        return 0;
    }
    if (at >= VGIC_CONFIG_BASE && at < VGIC_CONFIG_END) {
        uint32_t intid = 4 * (at - VGIC_CONFIG_BASE);

        return word_exists(vcpu, cpu, intid / 32) ? read_config(vcpu, own, intid) : 0;
    }
    return word_exists(vcpu, cpu, (at & 0x7f) / 4)
               ? read_word(vcpu, own, at / 0x80, (at & 0x7f) / 4)
               : 0;
}

void vgic_change_begin(struct vcpu *vcpu, struct vgic_cpu *cpu, uint32_t word, uint32_t exact)
{
    if (exact != 0) {
        vgic_enter_exact(vcpu, cpu, word, exact);
    } else {
        vgic_enter(vcpu);
    }
    settle(vcpu, cpu, word);
    vgic_fold(vcpu);
}

void vgic_change_end(struct vcpu *vcpu, struct vgic_cpu *cpu, uint32_t word, uint32_t bits)
{
    if (word == 0 && cpu != vgic_cpu_of(vcpu) && (bits & cpu->private.linked) != 0) {
        vcpu_request(&vcpus[cpu - vgic_cpus], VCPU_REQUEST_VGIC); /* for vgic_private_sync() */
    }
    vgic_fill(vcpu);
    vgic_wake(vcpu, cpu, word, bits);
    vgic_leave(vcpu);
}

/* What follows changes a word between the two, and returns the bits that changed. */

static uint32_t change_group(struct vgic_word *state, uint32_t value)
{
    uint32_t changed = state->group ^ value;

    state->group = value;
    return changed;
}

static uint32_t change_enable(struct vcpu *vcpu, struct vgic_cpu *cpu, uint32_t word, uint32_t bits,
                              bool enable)
{
    struct vgic_word *state = vgic_word(vgic_of(vcpu), cpu, word);

    bits &= enable ? ~state->enabled : state->enabled;
    atomic_store_explicit(&state->enabled, state->enabled ^ bits, memory_order_relaxed);
    vgic_enabled_changed(vcpu, word, bits, enable);
    if (!enable) {
        vgic_give_back(vcpu, cpu, word, bits, false);
    }
    return bits;
}

/* A linked interrupt's edge may wait in hardware, where it is disabled or active. */
static void unpend(struct vcpu *vcpu, struct vgic_cpu *cpu, uint32_t word, uint32_t bits)
{
    struct vgic_word *state = vgic_word(vgic_of(vcpu), cpu, word);
    uint32_t linked = bits & state->linked;

    vgic_drain_inbox(vcpu);
    if (word != 0) {
        vgic_physical_spi(vcpu->vm, word, linked, VGIC_PHYSICAL_UNPEND);
    } else if (cpu == vgic_cpu_of(vcpu) && linked != 0) {
        arch_irq_unpend(0, linked);
    }
    vgic_give_back(vcpu, cpu, word, linked, true);
    state->latch &= ~bits;
}

/* An SPI that is made active belongs to the vCPU it is routed to. */
static uint32_t activate(struct vcpu *vcpu, struct vgic_cpu *cpu, uint32_t word, uint32_t bits)
{
    struct vgic_word *state = vgic_word(vgic_of(vcpu), cpu, word);

    bits &= ~state->active;
    state->active |= bits;
    for (uint32_t i = 0; i < vcpu_count_of(vcpu->vm_row); i++) {
        struct vgic_cpu *its = &vgic_cpus[vcpu->vm_row->vcpu_first + i];

        if (word != 0 || its == cpu) {
            its->mine[word] |= bits & its->target[word];
            its->busy |= 1u << word;
        }
    }
    return bits;
}

static void write_priority(struct vcpu *vcpu, struct vgic_cpu *cpu, uint32_t intid, unsigned size,
                           uint64_t value)
{
    struct vgic_word *state = vgic_word(vgic_of(vcpu), cpu, intid / 32);
    uint8_t *priority = &state->priority[intid % 32];

    vgic_change_begin(vcpu, cpu, intid / 32, 0);
    for (unsigned i = 0; i < size; i++) {
        priority[i] = (uint8_t)(value >> (8 * i)) & VGIC_PRIORITY_MASK;
    }
    if (state->ranked) {
        vgic_rank(state);
    }
    vgic_change_end(vcpu, cpu, intid / 32, ((1u << size) - 1) << (intid % 32));
}

/* SGIs are edges; PPIs are what the hardware's are: levels. */
static void write_config(struct vcpu *vcpu, struct vgic_cpu *cpu, uint32_t intid, uint32_t value)
{
    struct vgic_word *state = vgic_word(vgic_of(vcpu), cpu, intid / 32);
    uint32_t edge = 0;
    uint32_t changed;

    if (intid < 32) {
        return;
    }
    for (uint32_t i = 0; i < 16; i++) {
        edge |= ((value >> (2 * i + 1)) & 1u) << (intid % 32 + i);
    }
    vgic_change_begin(vcpu, cpu, intid / 32, 0);
    changed = (state->edge ^ edge) & (0xffffu << (intid % 32));
    state->edge ^= changed;
    for (uint32_t left = vgic_linked_spis(state) & changed; left != 0; left &= left - 1) {
        uint32_t n = (uint32_t)__builtin_ctz(left);
        uint32_t enabled = state->enabled & (1u << n);

        /* UNPREDICTABLE while it is enabled (IHI 0069 12.9.9): a guest may try, hardware must not.
         */
        vgic_physical_spi(vcpu->vm, intid / 32, enabled, VGIC_PHYSICAL_DISABLE);
        arch_irq_configure(vgic_physical_intid(vcpu->vm, (intid & ~31u) + n), edge >> n & 1u);
        vgic_physical_spi(vcpu->vm, intid / 32, enabled, VGIC_PHYSICAL_ENABLE);
    }
    vgic_change_end(vcpu, cpu, intid / 32, changed);
}

void vgic_tell_ownerless(const struct vcpu *vcpu, uint32_t word, uint32_t bits)
{
    uint32_t ownerless = word == 0 ? 0 : bits & ~vgic_rows[vcpu->vm].spi_owned[word - 1];

    if (ownerless != 0) {
        notice(vcpu, "enables interrupt %u (SPI %u), which no device of this VM raises",
               32 * word + (unsigned)__builtin_ctz(ownerless),
               32 * (word - 1) + (unsigned)__builtin_ctz(ownerless));
    }
}

/* Banks of which a write takes a state away, which list registers of other vCPUs may have. */
static bool is_exact(uint32_t bank)
{
    return bank == VGIC_BANK_DISABLE || bank >= VGIC_BANK_UNPEND;
}

static void write_word(struct vcpu *vcpu, struct vgic_cpu *cpu, uint32_t bank, uint32_t word,
                       uint32_t bits)
{
    struct vgic_word *state = vgic_word(vgic_of(vcpu), cpu, word);

    if (bank == VGIC_BANK_ENABLE) {
        vgic_tell_ownerless(vcpu, word, bits & ~state->enabled);
    }
    vgic_change_begin(vcpu, cpu, word, is_exact(bank) ? bits : 0);
    switch (bank) {
    case VGIC_BANK_GROUP:
        bits = change_group(state, bits);
        break;
    case VGIC_BANK_ENABLE:
    case VGIC_BANK_DISABLE:
        bits = change_enable(vcpu, cpu, word, bits, bank == VGIC_BANK_ENABLE);
        break;
    case VGIC_BANK_PEND:
        vgic_latch(vgic_of(vcpu), cpu, word, bits);
        break;
    case VGIC_BANK_UNPEND:
        unpend(vcpu, cpu, word, bits);
        break;
    case VGIC_BANK_ACTIVATE:
        bits = activate(vcpu, cpu, word, bits);
        break;
    default:
        vgic_deactivate_bits(vcpu, cpu, word, bits);
        break;
    }
    vgic_change_end(vcpu, cpu, word, bits);
}

void vgic_bank_write(struct vcpu *vcpu, struct vgic_cpu *cpu, uint64_t offset, unsigned size,
                     uint64_t value)
{
    struct vgic_cpu *own = cpu != NULL ? cpu : vgic_cpu_of(vcpu);
    uint32_t at = (uint32_t)offset;

    if (at >= VGIC_PRIORITY_BASE && at < VGIC_PRIORITY_END) {
        if (size <= 4 && word_exists(vcpu, cpu, (at - VGIC_PRIORITY_BASE) / 32)) {
            write_priority(vcpu, own, at - VGIC_PRIORITY_BASE, size, value);
        }
    } else if (size != 4) {
        return;
    } else if (at >= VGIC_CONFIG_BASE && at < VGIC_CONFIG_END) {
        if (word_exists(vcpu, cpu, 4 * (at - VGIC_CONFIG_BASE) / 32)) {
            write_config(vcpu, own, 4 * (at - VGIC_CONFIG_BASE), (uint32_t)value);
        }
    } else if (at < VGIC_PRIORITY_BASE && word_exists(vcpu, cpu, (at & 0x7f) / 4)) {
        write_word(vcpu, own, at / 0x80, (at & 0x7f) / 4, (uint32_t)value);
    }
}
