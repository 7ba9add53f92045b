/* SPDX-License-Identifier: Apache-2.0 */
#include <stdatomic.h>

#include "arch/aarch64/gic.h"
#include "arch/arch.h"

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
