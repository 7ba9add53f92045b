/* SPDX-License-Identifier: Apache-2.0 */

/* CPUs that go on and off all the time, and one that starts where no code is. */

#include <bulkhead/cpu.h>
#include <bulkhead/vm.h>

#include "../../psci.h"
#include "attacker.h"
#include "random.h"
#include "trap.h"

#define STARTS 1500u
#define HOLE UINT64_C(0x40200000) /* the hypervisor's image, as host addresses go */

static uint64_t random_state = 8;
static uint64_t other_state = 9;

/* A few accesses, so that the CPU goes off with interrupts and devices in any state. */
static void short_life(void *arg)
{
    (void)arg;
    trap_install();
    for (unsigned i = 0; i < 3; i++) {
        uint64_t registers[30];
        fill_with_pointers(&other_state, registers, 30);
        (void)attempt((uintptr_t)stub_store, registers);
        (void)attempt((uintptr_t)stub_load, registers);
    }
}

/* Targets and entries of all kinds, but none that exists: CPU 1 is cpu_start()'s. */
static void impossible_starts(void)
{
    uint64_t registers[30];

    fill_with_pointers(&random_state, registers, 30);
    registers[0] = random_below(&random_state, 2) == 0 ? PSCI_CPU_ON : PSCI_AFFINITY_INFO;
    registers[1] |= 0x100;
    (void)attempt((uintptr_t)stub_hvc, registers);
    registers[0] = PSCI_AFFINITY_INFO;
    registers[1] = random_below(&random_state, 3);
    (void)attempt((uintptr_t)stub_smc, registers);
    registers[0] = PSCI_CPU_ON;
    registers[1] = 0; /* itself */
    (void)attempt((uintptr_t)stub_smc, registers);
}

uint64_t attack_power(void)
{
    uint64_t started = 0;

    while (started < STARTS) {
        started += cpu_start(1, short_life, NULL) ? 1 : 0;
        impossible_starts();
        take_turns(0);
    }
    while (vm_hvc(PSCI_AFFINITY_INFO, 1, 0, 0) != PSCI_IS_OFF) {
        take_turns(0);
    }
    return started;
}

/* CPU 1 starts at an instruction that is none, and has no vectors: the VM crashes, and restarts. */
uint64_t attack_crash(void)
{
    static const uint32_t undefined[4] __attribute__((aligned(4096)));

    (void)vm_hvc(PSCI_CPU_ON, 1, HOLE, 0); /* refused */
    (void)vm_hvc(PSCI_CPU_ON, 1, (uintptr_t)undefined, 0);
    for (;;) {
        take_turns(0);
    }
}
