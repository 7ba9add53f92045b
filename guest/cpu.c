/* SPDX-License-Identifier: Apache-2.0 */
#include "bulkhead/cpu.h"

#include <stddef.h>
#include <stdint.h>

#include "bulkhead/irq.h"
#include "bulkhead/sysreg.h"
#include "bulkhead/vm.h"
#include "image.h"
#include "irq.h"
#include "machine.h"
#include "psci.h"
#include "start.h"
#include "timer.h"

static struct {
    void (*fn)(void *arg);
    void *arg;
} work[CPU_MAX];

unsigned cpu_count(void)
{
    return machine.cpu_count;
}

unsigned cpu_index(void)
{
    return (unsigned)SYSREG_READ(tpidr_el1);
}

bool cpu_start(unsigned index, void (*fn)(void *arg), void *arg)
{
    if (index >= machine.cpu_count ||
        vm_hvc(PSCI_AFFINITY_INFO, machine.cpu_ids[index], 0, 0) != PSCI_AFFINITY_OFF) {
        return false;
    }
    work[index].fn = fn;
    work[index].arg = arg;
    DSB(ish);
    return vm_hvc(PSCI_CPU_ON, machine.cpu_ids[index], (uintptr_t)cpu_entry, index) == PSCI_SUCCESS;
}

void start_other(void)
{
    irq_cpu_init();
    timer_cpu_init();
    irq_restore(0);
    work[cpu_index()].fn(work[cpu_index()].arg);
    (void)irq_mask();
    (void)vm_hvc(PSCI_CPU_OFF, 0, 0, 0);
    vm_crash(); /* CPU_OFF does not return */
}

void cpu_wait(void)
{
    __asm__ volatile("dsb sy\n\twfi" ::: "memory");
}

void cpu_wait_until(bool (*done)(void *arg), void *arg)
{
    const uint64_t state = irq_mask();

    while (!done(arg)) {
        cpu_wait(); /* masked: what comes after the look ends the sleep, and is served below */
        irq_restore(state);
        (void)irq_mask();
    }
    irq_restore(state);
}

void cpu_relax(void)
{
    __asm__ volatile("yield" ::: "memory");
}
