/* SPDX-License-Identifier: Apache-2.0 */
#include <stdatomic.h>

#include "arch/aarch64/gic.h"
#include "arch/arch.h"
#include "platform/panic.h"

/* The registers of the physical GIC that hold 32 interrupts each: GICv3 has those of word 0 in each
 * CPU's redistributor, GICv2 banks them in the distributor.  Every write is to a register that sets
 * or clears bits, so no lock is needed but for the one that has no such forms. */

void arch_irq_enable(uint32_t word, uint32_t mask)
{
    gic_write(gic_own_frame(word) + GICD_ISENABLER + 4u * word, mask);
}

void arch_irq_disable(uint32_t word, uint32_t mask)
{
    gic_write(gic_own_frame(word) + GICD_ICENABLER + 4u * word, mask);
    gic_wait(word == 0 ? arch_cpu_index() : 0, word);
}

void arch_irq_pend(uint32_t word, uint32_t mask)
{
    gic_write(gic_own_frame(word) + GICD_ISPENDR + 4u * word, mask);
}

void arch_irq_unpend(uint32_t word, uint32_t mask)
{
    gic_write(gic_own_frame(word) + GICD_ICPENDR + 4u * word, mask);
}

uint32_t arch_irq_pending(uint32_t word)
{
    return gic_read(gic_own_frame(word) + GICD_ISPENDR + 4u * word);
}

/* The interrupt is disabled.  Each SPI has one owner, but 16 share a register that has no set and
 * clear forms: two VMs may meet here, for the few instructions of one update. */
void arch_irq_configure(uint32_t intid, bool edge)
{
    static atomic_flag busy = ATOMIC_FLAG_INIT;
    uint64_t address = gic_own_frame(intid / 32u) + GICD_ICFGR + 4u * (intid / 16u);
    uint32_t bit = 2u << (2u * (intid % 16u));

    while (atomic_flag_test_and_set_explicit(&busy, memory_order_acquire)) {
        __asm__ volatile("yield");
    }
    uint32_t value = gic_read(address);

    gic_write(address, edge ? value | bit : value & ~bit);
    atomic_flag_clear_explicit(&busy, memory_order_release);
}

void arch_ipi_send(uint32_t pcpu)
{
    uint32_t intid = pcpu_rows[pcpu].ipi_intid;

    if (!gic_is_direct(pcpu)) {
        gic_sgi_send(pcpu, ARCH_IRQ_IPI);
        return;
    }
    __asm__ volatile("dsb ishst" : : : "memory"); /* what it announces is visible before it */
    arch_irq_pend(intid / 32u, 1u << (intid % 32u));
}

uint64_t gic_bank(enum arch_direct_state state, bool set)
{
    switch (state) {
    case ARCH_DIRECT_ENABLED:
        return set ? GICD_ISENABLER : GICD_ICENABLER;
    case ARCH_DIRECT_PENDING:
        return set ? GICD_ISPENDR : GICD_ICPENDR;
    case ARCH_DIRECT_ACTIVE:
        return set ? GICD_ISACTIVER : GICD_ICACTIVER;
    }
    return GICD_ISENABLER;
}

uint32_t gic_spi_words(void)
{
    uint32_t words = gic_read(gic_distributor() + GICD_TYPER) & GICD_TYPER_LINES;

    if (32u * words < IRQ_COUNT) {
        panic("board check: the GIC has %u shared interrupts, the plan uses SPI %u", 32u * words,
              IRQ_COUNT - 1u);
    }
    return words;
}

static void spi_word_init(uint32_t word, uint32_t group)
{
    uint64_t registers = gic_distributor() + 4u * word;

    gic_write(registers + GICD_ICPENDR, UINT32_MAX);
    gic_write(registers + GICD_ICACTIVER, UINT32_MAX);
    gic_write(registers + GICD_IGROUPR, group);
    for (uint32_t n = 0; n < 8; n++) {
        gic_write(gic_distributor() + GICD_IPRIORITYR + 32u * word + 4u * n,
                  GIC_PRIORITY_DEFAULT * GIC_PRIORITIES);
    }
}

void gic_spis_init(uint32_t words, uint32_t group)
{
    for (uint32_t word = 1; word <= words; word++) {
        gic_write(gic_distributor() + GICD_ICENABLER + 4u * word, UINT32_MAX);
    }
    gic_wait(0, 1);
    for (uint32_t word = 1; word <= words; word++) {
        spi_word_init(word, group);
    }
    for (uint32_t spi = 0; spi < IRQ_COUNT; spi++) {
        if (irq_rows[spi].owner != IRQ_NONE) {
            arch_irq_configure(GIC_SPI_FIRST + spi, irq_rows[spi].edge);
            arch_irq_route(GIC_SPI_FIRST + spi, 0);
        }
    }
}

uint32_t gic_console_cpu(void)
{
    for (uint32_t pcpu = 0; pcpu < PCPU_COUNT; pcpu++) {
        if (!gic_is_direct(pcpu)) {
            return pcpu;
        }
    }
    return 0;
}
