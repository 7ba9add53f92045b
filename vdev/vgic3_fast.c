/* SPDX-License-Identifier: Apache-2.0 */
#include <arch_fast.h>

#include "vdev/vgic_bank.h"
#include "vdev/vgic_state.h"

/*
 * Short ways (arch/fast.h) to the registers of the virtual GICv3.  Reads of single words need no
 * lock.  Writes take it where other vCPUs may be there, without waiting, and change only what
 * concerns no list register and needs no signal to anybody; all else is declined.
 */

#define GICD_CTLR 0x0u
#define GICD_TYPER 0x4u
#define GICR_TYPER 0x8u
#define GICR_TYPER_HIGH 0xcu

static inline uint32_t bank_of(uint64_t offset)
{
    return (uint32_t)offset / 0x80u;
}

/* Which word of its bank a register is. */
static inline uint32_t word_of(uint64_t offset)
{
    return (uint32_t)offset % 0x80u / 4u;
}

/* A function of its own, so that what it saves is no cost to others; used, so that its arguments
 * stay where its callers have them. */
#define SHORT ARCH_FAST_CALL __attribute__((noinline, used))

static inline uint32_t load(const _Atomic uint32_t *word)
{
    return atomic_load_explicit(word, memory_order_relaxed);
}

void vgic3_fast_vm_reset(uint32_t vm)
{
    vgics[vm].typer = vgic_dist_fixed(vm, GICD_TYPER);
    vgics[vm].shared = vcpu_count_of(&vm_rows[vm]) > 1;
    vgics[vm].spi_words = vgic_rows[vm].spi_count / 32u;
    for (uint32_t n = 0; n < vgics[vm].spi_words; n++) {
        vgics[vm].local[n] = vgic_rows[vm].spi_owned[n] & ~vgic_rows[vm].spi_hardware[n];
    }
}

/* In ICC_SGI1R_EL1 the affinities stand where MPIDR has them, but for Aff0 (IHI 0069 12.2.16). */
static uint64_t sgi_target(uint64_t guest_id)
{
    uint64_t aff0 = guest_id & 0xff;

    return (guest_id >> 32 & 0xff) << 48 | aff0 / 16 << 44 | (guest_id >> 16 & 0xff) << 32 |
           (guest_id >> 8 & 0xff) << 16 | UINT64_C(1) << aff0 % 16;
}

/* All vCPUs of the VM, in their order, are bits of one target list, from bit 0 on. */
static bool is_row(const struct vm_row *vm)
{
    uint64_t first = sgi_target(vcpu_rows[vm->vcpu_first].guest_id);

    for (uint32_t i = 0; i < vcpu_count_of(vm); i++) {
        if (i >= 16 || (first & 1) == 0 ||
            sgi_target(vcpu_rows[vm->vcpu_first + i].guest_id) != first - 1 + (UINT64_C(1) << i)) {
            return false;
        }
    }
    return true;
}

void vgic3_fast_reset(struct vcpu *vcpu)
{
    struct vgic_cpu *cpu = vgic_cpu_of(vcpu);

    cpu->typer = vgic_redist_fixed(vcpu, vcpu->row->index, GICR_TYPER, 8);
    cpu->redist = vcpu->row->index * VGIC_REDIST_SIZE;
    cpu->sgi_self = sgi_target(vcpu->row->guest_id);
    cpu->sgi_last = is_row(vcpu->vm_row) ? (1u << vcpu_count_of(vcpu->vm_row)) >> 1 : 0;
    cpu->ipi = arch_fast_ipi_target(vcpu->row->pcpu);
}

/* --- Registers that hold a bit of each of 32 interrupts --- */

static inline int64_t bank_read(const struct vgic_word *word, uint64_t offset)
{
    switch (bank_of(offset)) {
    case VGIC_BANK_GROUP:
        return load(&word->group);
    case VGIC_BANK_ENABLE:
    case VGIC_BANK_DISABLE:
        return load(&word->enabled);
    default:
        return -1;
    }
}

/* Is there a lock to take: has the VM several vCPUs? */
static inline bool is_shared(const struct vgic *gic)
{
    return VCPU_MAX_PER_VM > 1 && gic->shared;
}

/* `shared`: is_shared().  false: somebody holds the VM's lock. */
static inline bool enter(struct vgic *gic, bool shared)
{
    return !shared || lock_try(&gic->lock);
}

static inline void leave(struct vgic *gic, bool shared)
{
    if (shared && lock_release(&gic->lock)) {
        arch_cpu_wake();
    }
}

/* Nothing of `bits` is pending or active, or in a list register as far as anybody knows.  A line
 * counts whatever it means: that is seldom wrong and soon seen. */
static inline bool is_quiet(const struct vgic_word *word, uint32_t bits)
{
    return ((load(&word->line) | word->latch | word->arrived | word->loaded | word->active) &
            bits) == 0;
}

/* What a write changes of a word. */
static inline uint32_t changes(const struct vgic_word *word, uint32_t bank, uint32_t bits)
{
    switch (bank) {
    case VGIC_BANK_GROUP:
        return load(&word->group) ^ bits;
    case VGIC_BANK_ENABLE:
        return bits & ~load(&word->enabled);
    case VGIC_BANK_DISABLE:
        return bits & load(&word->enabled);
    default:
        return bits;
    }
}

static SHORT bool pend_write(struct vcpu *vcpu, struct vgic_word *word, uint64_t offset,
                             uint32_t local, uint64_t value)
{
    struct vgic *gic = vcpu->vgic;
    const bool shared = is_shared(gic);
    bool good;

    (void)word;
    (void)local;
    if (!enter(gic, shared)) {
        return false;
    }
    good = vgic_pend(vcpu, word_of(offset), (uint32_t)value);
    leave(gic, shared);
    return good;
}

/* `local`: bits that may be enabled with nothing else to do. */
static SHORT bool bank_write(struct vcpu *vcpu, struct vgic_word *word, uint64_t offset,
                             uint32_t local, uint64_t value)
{
    struct vgic *gic = vcpu->vgic;
    const bool shared = is_shared(gic);
    uint32_t bank = bank_of(offset);
    uint32_t bits = (uint32_t)value;
    uint32_t changed = changes(word, bank, bits);
    bool good;

    if (changed == 0) {
        return true;
    }
    if (bank != VGIC_BANK_GROUP && bank != VGIC_BANK_ENABLE && bank != VGIC_BANK_DEACTIVATE) {
        return bank == VGIC_BANK_PEND && pend_write(vcpu, word, offset, local, value);
    }
    if (!enter(gic, shared)) {
        return false;
    }
    changed = changes(word, bank, bits);
    good = is_quiet(word, changed) && (bank != VGIC_BANK_ENABLE || (changed & ~local) == 0);
    if (good && bank == VGIC_BANK_ENABLE) {
        atomic_store_explicit(&word->enabled, load(&word->enabled) | changed, memory_order_relaxed);
    } else if (good && bank == VGIC_BANK_GROUP) {
        atomic_store_explicit(&word->group, bits, memory_order_relaxed);
    }
    leave(gic, shared);
    return good;
}

/* Of four interrupts of a word, from `first` on; the long way ranks a word anew. */
static SHORT bool priority_write(struct vcpu *vcpu, struct vgic_word *word, uint32_t first,
                                 uint32_t width, uint64_t value)
{
    struct vgic *gic = vcpu->vgic;
    const bool shared = is_shared(gic);
    uint32_t masked = (uint32_t)value & 0x01010101u * VGIC_PRIORITY_MASK;
    bool good;

    (void)width;
    if (!enter(gic, shared)) {
        return false;
    }
    good = is_quiet(word, 0xfu << first) && !word->ranked;
    if (good) {
        __builtin_memcpy(__builtin_assume_aligned(&word->priority[first], 4), &masked, 4);
    }
    leave(gic, shared);
    return good;
}

/* --- Distributor --- */

ARCH_FAST_CALL int64_t vgic3_dist_fast_read(struct vcpu *vcpu, const struct mmio_row *row,
                                            uint64_t offset, uint32_t width)
{
    const struct vgic *gic = vcpu->vgic;
    uint32_t spi_word = word_of(offset) - 1;

    (void)row;
    if (width != FAST_4) {
        return -1;
    }
    if (offset == GICD_TYPER) {
        return gic->typer;
    }
    if (offset >= VGIC_PRIORITY_BASE || spi_word >= gic->spi_words) {
        return offset == GICD_CTLR ? (int64_t)(load(&gic->ctlr) | VGIC_CTLR_FIXED) : -1;
    }
    return bank_read(&gic->spi[spi_word], offset);
}

/* Nobody else runs, and nothing waits for a list register. */
static SHORT bool ctlr_write(struct vcpu *vcpu, uint32_t value)
{
    struct vgic *gic = vcpu->vgic;
    const bool shared = is_shared(gic);
    bool good;

    if (load(&gic->ctlr) == (value & VGIC_CTLR_ENABLE)) {
        return true;
    }
    if (!enter(gic, shared)) {
        return false;
    }
    good = gic->hot == 0 && vcpu->vgic_cpu->lr_used == 0 &&
           vgic_pending(&vcpu->vgic_cpu->private) == 0;
    for (uint32_t i = 0; VCPU_MAX_PER_VM > 1 && good && i < vcpu_count_of(vcpu->vm_row); i++) {
        const struct vgic_cpu *cpu = &vgic_cpus[vcpu->vm_row->vcpu_first + i];

        good = cpu == vcpu->vgic_cpu || !atomic_load(&cpu->running);
    }
    if (good) {
        atomic_store_explicit(&gic->ctlr, value & VGIC_CTLR_ENABLE, memory_order_relaxed);
    }
    leave(gic, shared);
    return good;
}

static SHORT bool router_write(struct vcpu *vcpu, uint32_t spi, uint64_t offset, uint32_t width,
                               uint64_t value)
{
    struct vgic *gic = vcpu->vgic;
    const bool shared = is_shared(gic);
    bool same;

    (void)offset;

    if (width != FAST_8 || spi >= 32 * gic->spi_words || !enter(gic, shared)) {
        return false;
    }
    same = gic->router[spi] == value;
    leave(gic, shared);
    return same;
}

ARCH_FAST_CALL bool vgic3_dist_fast_write(struct vcpu *vcpu, const struct mmio_row *row,
                                          uint64_t offset, uint32_t width, uint64_t value)
{
    struct vgic *gic = vcpu->vgic;
    uint32_t at = (uint32_t)offset;
    uint32_t spi = at - VGIC_PRIORITY_BASE - 32;

    (void)row;
    if (width != FAST_4) {
        return router_write(vcpu, (at - VGIC_DIST_ROUTER) / 8 - 32, offset, width, value);
    }
    if (spi < 32 * gic->spi_words) {
        return priority_write(vcpu, &gic->spi[spi / 32], spi % 32, width, value);
    }
    uint32_t word = word_of(at) - 1;

    /* Enabling what is enabled is so frequent that it comes before other banks. */
    if (bank_of(at) == VGIC_BANK_ENABLE && word < gic->spi_words &&
        ((uint32_t)value & ~load(&gic->spi[word].enabled)) == 0) {
        return true;
    }
    if (at == GICD_CTLR) {
        return ctlr_write(vcpu, (uint32_t)value);
    }
    return at >= VGIC_DIST_BANKS && at < VGIC_PRIORITY_BASE && word < gic->spi_words &&
           bank_write(vcpu, &gic->spi[word], offset, gic->local[word], value);
}

/* --- Own redistributor --- */

ARCH_FAST_CALL int64_t vgic3_redist_fast_read(struct vcpu *vcpu, const struct mmio_row *row,
                                              uint64_t offset, uint32_t width)
{
    const struct vgic_cpu *cpu = vcpu->vgic_cpu;
    uint64_t at = offset - cpu->redist;

    (void)row;
    if (at == GICR_TYPER) {
        return width == FAST_8 ? (int64_t)cpu->typer : (int64_t)(uint32_t)cpu->typer;
    }
    if (width != FAST_4 || at >= VGIC_REDIST_SIZE) {
        return -1;
    }
    if (at >= VGIC_REDIST_SGI_FRAME) {
        at -= VGIC_REDIST_SGI_FRAME;
        return word_of(at) == 0 ? bank_read(&cpu->private, at) : -1;
    }
    if (at == VGIC_REDIST_WAKER) {
        return load(&cpu->waker);
    }
    return at == GICR_TYPER_HIGH ? (int64_t)(cpu->typer >> 32) : -1;
}

/* Own linked interrupts are enabled in hardware, too. */
static SHORT bool enable_linked(struct vcpu *vcpu, uint32_t bits)
{
    struct vgic *gic = vcpu->vgic;
    const bool shared = is_shared(gic);
    struct vgic_word *word = &vcpu->vgic_cpu->private;
    bool good;

    if (!enter(gic, shared)) {
        return false;
    }
    bits &= ~load(&word->enabled);
    good = is_quiet(word, bits);
    if (good) {
        atomic_store_explicit(&word->enabled, load(&word->enabled) | bits, memory_order_relaxed);
        vgic_private_sync(vcpu);
    }
    leave(gic, shared);
    return good;
}

ARCH_FAST_CALL bool vgic3_redist_fast_write(struct vcpu *vcpu, const struct mmio_row *row,
                                            uint64_t offset, uint32_t width, uint64_t value)
{
    struct vgic_cpu *cpu = vcpu->vgic_cpu;
    struct vgic_word *word = &cpu->private;
    uint64_t at = offset - cpu->redist - VGIC_REDIST_SGI_FRAME;
    uint64_t intid = at - VGIC_PRIORITY_BASE;

    (void)row;
    if (width != FAST_4) {
        return false;
    }
    if (intid < 32) {
        return priority_write(vcpu, word, (uint32_t)intid, width, value);
    }
    if (at - VGIC_DIST_BANKS < VGIC_PRIORITY_BASE - VGIC_DIST_BANKS && word_of(at) == 0) {
        uint32_t enabled = changes(word, VGIC_BANK_ENABLE, (uint32_t)value);

        return bank_of(at) == VGIC_BANK_ENABLE && (enabled & word->linked) != 0
                   ? enable_linked(vcpu, (uint32_t)value)
                   : bank_write(vcpu, word, at, UINT32_MAX, value);
    }
    if (offset - cpu->redist == VGIC_REDIST_WAKER) {
        atomic_store_explicit(&cpu->waker, vgic_waker_of((uint32_t)value), memory_order_relaxed);
        return true;
    }
    return false;
}
