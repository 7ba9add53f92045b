/* SPDX-License-Identifier: Apache-2.0 */
#include "arch/aarch64/speculation.h"

#include <stdbool.h>
#include <stddef.h>

#include "arch/aarch64/aarch64.h"
#include "arch/aarch64/sysreg.h"
#include "arch/arch.h"
#include <tables.h>

/* SMCCC discovery (DEN 0028, chapter 7 and appendix B): PSCI 1.0 tells whether there is
 * SMCCC_VERSION; from 1.1 on there is ARCH_FEATURES, and calls keep x4 to x17. */
#define PSCI_VERSION UINT64_C(0x84000000)
#define PSCI_FEATURES UINT64_C(0x8400000a)
#define SMCCC_VERSION UINT64_C(0x80000000)
#define SMCCC_ARCH_FEATURES UINT64_C(0x80000001)
#define PSCI_1_0 0x10000
#define SMCCC_1_1 0x10001
#define ENABLE 1 /* argument of the second workaround */

_Static_assert(offsetof(struct speculation_entry, call) == 0, "speculation.S");
_Static_assert(offsetof(struct speculation_entry, branches) == 4, "speculation.S");
_Static_assert(sizeof(struct speculation_entry) == 8, "speculation.S");

struct speculation_entry speculation_entries[PCPU_COUNT];
static int32_t features[PCPU_COUNT][3];

static int32_t firmware_call(uint64_t function, uint64_t arg)
{
    return CONFIG_ARCH_PSCI ? (int32_t)aarch64_smc(function, arg, 0, 0) : SPECULATION_NOT_SUPPORTED;
}

static bool firmware_tells(void)
{
    return firmware_call(PSCI_VERSION, 0) >= PSCI_1_0 &&
           firmware_call(PSCI_FEATURES, SMCCC_VERSION) == 0 &&
           firmware_call(SMCCC_VERSION, 0) >= SMCCC_1_1;
}

void arch_cpu_harden(void)
{
    static const uint32_t functions[3] = {
        SPECULATION_WORKAROUND_1,
        SPECULATION_WORKAROUND_2,
        SPECULATION_WORKAROUND_3,
    };
    uint32_t cpu = arch_cpu_index();
    const struct arch_cpu_row *core = &pcpu_rows[cpu].arch;
    bool tells = firmware_tells();
    int32_t firmware[3];
    struct speculation chosen;

    for (uint32_t n = 0; n < 3; n++) {
        firmware[n] =
            tells ? firmware_call(SMCCC_ARCH_FEATURES, functions[n]) : SPECULATION_NOT_SUPPORTED;
    }
    speculation_choose(core->weaknesses, core->branches,
                       (uint32_t)(AARCH64_READ(id_aa64pfr0_el1) >> 56) & 0xf, firmware, &chosen);
    if (firmware[1] == SPECULATION_NEEDED) {
        firmware_call(SPECULATION_WORKAROUND_2, ENABLE);
    }
    speculation_entries[cpu] = chosen.entry;
    for (uint32_t n = 0; n < 3; n++) {
        features[cpu][n] = chosen.features[n];
    }
    AARCH64_WRITE(vbar_el2, aarch64_hardened_vectors);
    aarch64_isb();
}

int32_t arch_workaround(uint32_t number)
{
    return features[arch_cpu_index()][number - 1];
}
