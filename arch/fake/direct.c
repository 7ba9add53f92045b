/* SPDX-License-Identifier: Apache-2.0 */
#include "arch/direct.h"

#include "arch/fake/internal.h"

/* The CPU interface of CPUs whose guests take their interrupts themselves; the distributor is that
 * of irq.c. */

static uint8_t private_priorities[PCPU_COUNT][32];
static uint8_t shared_priorities[FAKE_IRQ_WORDS * 32];
static uint64_t registers[PCPU_COUNT][3];

static uint8_t *priority_of(uint32_t pcpu, uint32_t intid)
{
    return intid < 32 ? &private_priorities[pcpu][intid] : &shared_priorities[intid];
}

uint32_t arch_direct_get(uint32_t pcpu, uint32_t word, enum arch_direct_state state)
{
    return fake_irq_state(pcpu, word, (uint32_t)state);
}

void arch_direct_set(uint32_t pcpu, uint32_t word, enum arch_direct_state state, uint32_t mask)
{
    fake_irq_change(pcpu, word, (uint32_t)state, mask, true);
}

void arch_direct_clear(uint32_t pcpu, uint32_t word, enum arch_direct_state state, uint32_t mask)
{
    fake_irq_change(pcpu, word, (uint32_t)state, mask, false);
}

uint8_t arch_direct_priority_get(uint32_t pcpu, uint32_t intid)
{
    return *priority_of(pcpu, intid);
}

void arch_direct_priority_set(uint32_t pcpu, uint32_t intid, uint8_t priority)
{
    *priority_of(pcpu, intid) = priority & ARCH_DIRECT_PRIORITY_MASK;
}

bool arch_direct_edge(uint32_t pcpu, uint32_t intid)
{
    return (fake_irq_edges(pcpu, intid / 32) >> (intid % 32) & 1) != 0;
}

void arch_direct_sgi(uint32_t pcpu, uint32_t sgi)
{
    arch_direct_set(pcpu, 0, ARCH_DIRECT_PENDING, 1u << sgi);
    fake_record(FAKE_CALL_SGI, pcpu, sgi);
}

void arch_direct_cpu_reset(void)
{
    for (uint32_t i = 0; i < 3; i++) {
        registers[arch_cpu_index()][i] = 0;
    }
    fake_record(FAKE_CALL_DIRECT_RESET, arch_cpu_index(), 0);
}

void arch_direct_cpu_park(void)
{
    fake_record(FAKE_CALL_DIRECT_PARK, arch_cpu_index(), 0);
}

uint64_t arch_direct_cpu_get(enum arch_direct_register reg)
{
    return registers[arch_cpu_index()][reg];
}

void arch_direct_cpu_set(enum arch_direct_register reg, uint64_t value)
{
    registers[arch_cpu_index()][reg] = value;
}

static uint8_t senders[PCPU_COUNT][16];

uint32_t arch_direct_target(uint32_t pcpu)
{
    return 1u << pcpu;
}

uint8_t arch_direct_senders_get(uint32_t sgi)
{
    return senders[arch_cpu_index()][sgi];
}

void arch_direct_senders_change(uint32_t sgi, uint8_t changed, bool set)
{
    uint8_t *own = &senders[arch_cpu_index()][sgi];

    *own = (uint8_t)(set ? *own | changed : *own & ~changed);
}
