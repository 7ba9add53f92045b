/* SPDX-License-Identifier: Apache-2.0 */
#include "arch/direct.h"
#include "arch/fake/internal.h"

/*
 * The physical interrupt controller: word 0 of each CPU and the shared words.  Pending is the
 * latch, or the wire of a level interrupt.
 */

struct irq_word {
    _Atomic uint32_t enabled;
    _Atomic uint32_t latch;
    _Atomic uint32_t wire;
    _Atomic uint32_t active;
    _Atomic uint32_t edge;
};

static struct irq_word private_words[PCPU_COUNT];
static struct irq_word shared_words[FAKE_IRQ_WORDS];
static _Atomic uint32_t routes[FAKE_IRQ_WORDS * 32];
static _Atomic bool ipis[PCPU_COUNT];

static struct irq_word *word_of(uint32_t word)
{
    return word == 0 ? &private_words[arch_cpu_index()] : &shared_words[word];
}

static void word_reset(struct irq_word *word)
{
    atomic_store(&word->enabled, 0);
    atomic_store(&word->latch, 0);
    atomic_store(&word->wire, 0);
    atomic_store(&word->active, 0);
    atomic_store(&word->edge, 0);
}

void fake_irq_reset(void)
{
    for (uint32_t i = 0; i < PCPU_COUNT; i++) {
        word_reset(&private_words[i]);
        atomic_store(&ipis[i], false);
    }
    for (uint32_t i = 0; i < FAKE_IRQ_WORDS; i++) {
        word_reset(&shared_words[i]);
    }
    for (uint32_t i = 0; i < FAKE_IRQ_WORDS * 32; i++) {
        atomic_store(&routes[i], 0);
    }
}

static uint32_t bit_of(uint32_t intid)
{
    return 1u << (intid % 32);
}

void fake_irq_pulse(uint32_t intid)
{
    atomic_fetch_or(&word_of(intid / 32)->latch, bit_of(intid));
}

void fake_irq_line(uint32_t intid, bool high)
{
    struct irq_word *word = word_of(intid / 32);

    if (high) {
        atomic_fetch_or(&word->wire, bit_of(intid));
    } else {
        atomic_fetch_and(&word->wire, ~bit_of(intid));
    }
}

bool fake_irq_active(uint32_t intid)
{
    return (atomic_load(&word_of(intid / 32)->active) & bit_of(intid)) != 0;
}

bool fake_irq_enabled(uint32_t intid)
{
    return (atomic_load(&word_of(intid / 32)->enabled) & bit_of(intid)) != 0;
}

bool fake_irq_pending(uint32_t intid)
{
    return (arch_irq_pending(intid / 32) & bit_of(intid)) != 0;
}

uint32_t fake_irq_route(uint32_t intid)
{
    return atomic_load(&routes[intid]);
}

bool fake_ipi_take(void)
{
    return atomic_exchange(&ipis[arch_cpu_index()], false);
}

void fake_irq_finish(uint32_t intid)
{
    atomic_fetch_and(&word_of(intid / 32)->active, ~bit_of(intid));
}

void arch_irq_board_init(void)
{
    fake_irq_reset();
}

void arch_irq_cpu_init(void)
{
    word_reset(&private_words[arch_cpu_index()]);
    arch_lr_reset();
}

static uint32_t routed_here(uint32_t word, uint32_t bits)
{
    uint32_t here = 0;

    for (uint32_t i = 0; i < 32; i++) {
        if (word == 0 || atomic_load(&routes[32 * word + i]) == arch_cpu_index()) {
            here |= 1u << i;
        }
    }
    return bits & here;
}

uint32_t arch_irq_ack(void)
{
    if (fake_ipi_take()) {
        return ARCH_IRQ_IPI;
    }
    for (uint32_t i = 0; i < FAKE_IRQ_WORDS; i++) {
        struct irq_word *word = word_of(i);
        uint32_t ready =
            arch_irq_pending(i) & atomic_load(&word->enabled) & ~atomic_load(&word->active);

        ready = ready == 0 ? 0 : routed_here(i, ready);
        if (ready != 0) {
            uint32_t bit = ready & -ready;

            atomic_fetch_or(&word->active, bit);
            atomic_fetch_and(&word->latch, ~bit);
            return 32 * i + (uint32_t)__builtin_ctz(bit);
        }
    }
    return ARCH_IRQ_SPURIOUS;
}

void arch_irq_drop(uint32_t intid)
{
    fake_record(FAKE_CALL_DROP, intid, 0);
}

void arch_irq_deactivate(uint32_t intid)
{
    fake_irq_finish(intid);
    fake_record(FAKE_CALL_DEACTIVATE, intid, 0);
}

void arch_irq_enable(uint32_t word, uint32_t mask)
{
    atomic_fetch_or(&word_of(word)->enabled, mask);
    fake_record(FAKE_CALL_ENABLE, word, mask);
}

void arch_irq_disable(uint32_t word, uint32_t mask)
{
    atomic_fetch_and(&word_of(word)->enabled, ~mask);
    fake_record(FAKE_CALL_DISABLE, word, mask);
}

void arch_irq_pend(uint32_t word, uint32_t mask)
{
    atomic_fetch_or(&word_of(word)->latch, mask);
    fake_record(FAKE_CALL_PEND, word, mask);
}

void arch_irq_unpend(uint32_t word, uint32_t mask)
{
    atomic_fetch_and(&word_of(word)->latch, ~mask);
    fake_record(FAKE_CALL_UNPEND, word, mask);
}

uint32_t arch_irq_pending(uint32_t word)
{
    const struct irq_word *irq = word_of(word);

    return atomic_load(&irq->latch) | (atomic_load(&irq->wire) & ~atomic_load(&irq->edge));
}

static struct irq_word *word_at(uint32_t pcpu, uint32_t word)
{
    return word == 0 ? &private_words[pcpu] : &shared_words[word];
}

static _Atomic uint32_t *state_of(struct irq_word *word, uint32_t state)
{
    return state == ARCH_DIRECT_ENABLED   ? &word->enabled
           : state == ARCH_DIRECT_PENDING ? &word->latch
                                          : &word->active;
}

uint32_t fake_irq_state(uint32_t pcpu, uint32_t word, uint32_t state)
{
    struct irq_word *irq = word_at(pcpu, word);
    uint32_t wire = atomic_load(&irq->wire) & ~atomic_load(&irq->edge);

    return atomic_load(state_of(irq, state)) | (state == ARCH_DIRECT_PENDING ? wire : 0);
}

void fake_irq_change(uint32_t pcpu, uint32_t word, uint32_t state, uint32_t mask, bool on)
{
    _Atomic uint32_t *bits = state_of(word_at(pcpu, word), state);

    if (on) {
        atomic_fetch_or(bits, mask);
    } else {
        atomic_fetch_and(bits, ~mask);
    }
}

uint32_t fake_irq_edges(uint32_t pcpu, uint32_t word)
{
    return word == 0 ? 0xffff : atomic_load(&word_at(pcpu, word)->edge);
}

void arch_irq_configure(uint32_t intid, bool edge)
{
    struct irq_word *word = word_of(intid / 32);

    if (edge) {
        atomic_fetch_or(&word->edge, bit_of(intid));
    } else {
        atomic_fetch_and(&word->edge, ~bit_of(intid));
    }
    fake_record(FAKE_CALL_CONFIGURE, intid, edge);
}

void arch_irq_route(uint32_t intid, uint32_t pcpu)
{
    atomic_store(&routes[intid], pcpu);
    fake_record(FAKE_CALL_ROUTE, intid, pcpu);
}

void arch_ipi_send(uint32_t pcpu)
{
    atomic_store(&ipis[pcpu], true);
    fake_record(FAKE_CALL_IPI, pcpu, 0);
}
