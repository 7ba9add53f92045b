/* SPDX-License-Identifier: Apache-2.0 */

/* What its CPU needs against speculation, what the calls give, and some exits. */

#include <bulkhead/vm.h>
#include <stdio.h>

#define SMCCC_ARCH_FEATURES 0x80000001u
#define PSCI_VERSION 0x84000000u
#define EXITS 1000

static uint64_t ticks(void)
{
    uint64_t now;

    __asm__ volatile("isb\n\tmrs %0, cntvct_el0" : "=r"(now) : : "memory");
    return now;
}

int main(void)
{
    static const uint32_t functions[3] = { 0x80008000u, 0x80007fffu, 0x80003fffu };
    int32_t told[3];
    int32_t gave[3];
    unsigned right = 0;

    for (unsigned n = 0; n < 3; n++) {
        told[n] = (int32_t)vm_hvc(SMCCC_ARCH_FEATURES, functions[n], 0, 0);
        gave[n] = (int32_t)vm_smc(functions[n], 0, 0, 0);
    }
    uint64_t began = ticks();

    for (unsigned n = 0; n < EXITS; n++) {
        right += vm_hvc(PSCI_VERSION, n, n, n) == 0x10001 ? 1u : 0u;
    }
    uint64_t ended = ticks();

    printf("told %d %d %d gave %d %d %d exits %u ticks %u\n", (int)told[0], (int)told[1],
           (int)told[2], (int)gave[0], (int)gave[1], (int)gave[2], right,
           (unsigned)(ended - began));
    return 0;
}
