/* SPDX-License-Identifier: Apache-2.0 */
#include "arch/direct.h"

#include "arch/aarch64/gic2.h"
#include "arch/aarch64/sysreg.h"
#include "arch/arch.h"

/*
 * HCR_EL2.IMO = FMO = 0: while such a guest runs it has the physical CPU interface whole, mapped in
 * its stage 2, and no interrupt of that CPU reaches EL2.  So none of the hypervisor's is enabled
 * there meanwhile: it comes to its own at the guest's next exit.  While the vCPU is off the CPU is
 * like any other (gic2.c).
 */

/* Word 0 is banked: nobody reaches another CPU's. */
static bool is_reachable(uint32_t pcpu, uint32_t word)
{
    return word != 0 || pcpu == arch_cpu_index();
}

uint32_t arch_direct_get(uint32_t pcpu, uint32_t word, enum arch_direct_state state)
{
    return is_reachable(pcpu, word)
               ? gic_read(gic_distributor() + gic_bank(state, true) + 4u * word)
               : 0;
}

void arch_direct_set(uint32_t pcpu, uint32_t word, enum arch_direct_state state, uint32_t mask)
{
    __asm__ volatile("dsb ishst" : : : "memory");
    if (is_reachable(pcpu, word)) {
        gic_write(gic_distributor() + gic_bank(state, true) + 4u * word, mask);
    }
}

void arch_direct_clear(uint32_t pcpu, uint32_t word, enum arch_direct_state state, uint32_t mask)
{
    if (is_reachable(pcpu, word)) {
        gic_write(gic_distributor() + gic_bank(state, false) + 4u * word, mask);
        gic_wait(pcpu, word);
    }
}

static volatile uint8_t *priority_of(uint32_t intid)
{
    return (volatile uint8_t *)(gic_distributor() + GICD_IPRIORITYR + intid);
}

uint8_t arch_direct_priority_get(uint32_t pcpu, uint32_t intid)
{
    return is_reachable(pcpu, intid / 32u) ? *priority_of(intid) : 0;
}

void arch_direct_priority_set(uint32_t pcpu, uint32_t intid, uint8_t priority)
{
    if (is_reachable(pcpu, intid / 32u)) {
        *priority_of(intid) = priority;
    }
}

bool arch_direct_edge(uint32_t pcpu, uint32_t intid)
{
    (void)pcpu; /* SGIs and PPIs are alike on all CPUs */
    return (gic_read(gic_distributor() + GICD_ICFGR + 4u * (intid / 16u)) >> (2u * (intid % 16u)) &
            2u) != 0;
}

uint32_t arch_direct_target(uint32_t pcpu)
{
    return gic2_target(pcpu);
}

void arch_direct_sgi(uint32_t pcpu, uint32_t sgi)
{
    gic_sgi_send(pcpu, sgi);
}

static volatile uint8_t *senders_of(uint32_t sgi, uint64_t registers)
{
    return (volatile uint8_t *)(gic_distributor() + registers + sgi);
}

uint8_t arch_direct_senders_get(uint32_t sgi)
{
    return *senders_of(sgi, GICD_SPENDSGIR);
}

void arch_direct_senders_change(uint32_t sgi, uint8_t senders, bool set)
{
    *senders_of(sgi, set ? GICD_SPENDSGIR : GICD_CPENDSGIR) = senders;
}

void arch_direct_cpu_reset(void)
{
    uint32_t call = pcpu_rows[arch_cpu_index()].ipi_intid;

    gic_write(gic_distributor() + GICD_ICENABLER + 4u * (call / 32u), 1u << (call % 32u));
    gic2_private_quiet();
    gic2_interface_reset();
    gic_write(gic2_control() + GICH_HCR, 0);
    aarch64_dsb_sy();
}

void arch_direct_cpu_park(void)
{
    gic2_interface_reset();
    gic2_take_cpu();
}
