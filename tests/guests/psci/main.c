/* SPDX-License-Identifier: Apache-2.0 */

/* PSCI 1.1 and SMCCC by both conduits; what a guest may not do, and what nobody has. */

#include <bulkhead/timer.h>
#include <bulkhead/vm.h>

#include "../check.h"
#include "../psci.h"

#define SMCCC_VERSION 0x80000000u
#define SMCCC_ARCH_FEATURES 0x80000001u
#define ARCH_WORKAROUND_1 0x80008000u
#define TRUSTED_OS_NONE 2    /* MIGRATE_INFO_TYPE: no migration needed */
#define NOWHERE 0x7ffffff000 /* an address without memory */
#define INVALID_ADDRESS -9

struct checks checks;

typedef int64_t (*conduit_fn)(uint32_t function, uint64_t a, uint64_t b, uint64_t c);

static void expect(const char *conduit, const char *what, int64_t got, int64_t wanted)
{
    char name[80];

    snprintf(name, sizeof(name), "%s: %s", conduit, what);
    /* Results of 32-bit functions are 32 bits wide. */
    check_equal(name, (uint32_t)got, (uint32_t)wanted);
}

static void test_discovery(const char *name, conduit_fn call)
{
    static const uint32_t supported[] = {
        PSCI_CPU_SUSPEND,   PSCI_CPU_OFF,           PSCI_CPU_ON,
        PSCI_AFFINITY_INFO, PSCI_MIGRATE_INFO_TYPE, PSCI_SYSTEM_OFF,
        PSCI_SYSTEM_RESET,  PSCI_FEATURES,          PSCI_SYSTEM_RESET2,
    };
    unsigned known = 0;

    expect(name, "PSCI_VERSION is 1.1", call(PSCI_VERSION, 0, 0, 0), 0x10001);
    for (unsigned i = 0; i < sizeof(supported) / sizeof(supported[0]); i++) {
        known += (int32_t)call(PSCI_FEATURES, supported[i], 0, 0) >= 0 ? 1u : 0u;
    }
    expect(name, "PSCI_FEATURES knows them all", known, sizeof(supported) / sizeof(supported[0]));
    expect(name, "PSCI_FEATURES of SMCCC_VERSION", call(PSCI_FEATURES, SMCCC_VERSION, 0, 0),
           PSCI_SUCCESS);
    expect(name, "PSCI_FEATURES of an unknown function", call(PSCI_FEATURES, 0x84001234, 0, 0),
           PSCI_NOT_SUPPORTED);
    expect(name, "MIGRATE_INFO_TYPE", call(PSCI_MIGRATE_INFO_TYPE, 0, 0, 0), TRUSTED_OS_NONE);
    check("SMCCC_VERSION is 1.1 or later", call(SMCCC_VERSION, 0, 0, 0) >= 0x10001);
    expect(name, "SMCCC_ARCH_FEATURES of SMCCC_VERSION",
           call(SMCCC_ARCH_FEATURES, SMCCC_VERSION, 0, 0), PSCI_SUCCESS);
    expect(name, "SMCCC_ARCH_FEATURES of an unknown function",
           call(SMCCC_ARCH_FEATURES, 0x80001234, 0, 0), PSCI_NOT_SUPPORTED);
    check("ARCH_WORKAROUND_1 is answered",
          (int32_t)call(SMCCC_ARCH_FEATURES, ARCH_WORKAROUND_1, 0, 0) >= PSCI_NOT_SUPPORTED);
}

static void test_refusals(const char *name, conduit_fn call)
{
    expect(name, "unknown PSCI function", call(0x84001234, 0, 0, 0), PSCI_NOT_SUPPORTED);
    expect(name, "trusted OS call", call(0xb2000000, 0, 0, 0), PSCI_NOT_SUPPORTED);
    expect(name, "silicon provider's call", call(0xc2000000, 1, 2, 3), PSCI_NOT_SUPPORTED);
    expect(name, "AFFINITY_INFO of itself", call(PSCI_AFFINITY_INFO, 0, 0, 0), PSCI_IS_ON);
    expect(name, "AFFINITY_INFO of a CPU that is off", call(PSCI_AFFINITY_INFO, 1, 0, 0),
           PSCI_IS_OFF);
    expect(name, "AFFINITY_INFO of a CPU that the VM has not",
           call(PSCI_AFFINITY_INFO, 0x7f00, 0, 0), PSCI_INVALID_PARAMETERS);
    expect(name, "AFFINITY_INFO of a level that there is not", call(PSCI_AFFINITY_INFO, 0, 4, 0),
           PSCI_INVALID_PARAMETERS);
    expect(name, "CPU_ON of itself", call(PSCI_CPU_ON, 0, 0x40000000, 0), PSCI_ALREADY_ON);
    expect(name, "CPU_ON of a CPU that the VM has not", call(PSCI_CPU_ON, 0x7f00, 0x40000000, 0),
           PSCI_INVALID_PARAMETERS);
    expect(name, "CPU_ON at an address without memory", call(PSCI_CPU_ON, 1, NOWHERE, 0),
           INVALID_ADDRESS);
    expect(name, "SYSTEM_RESET2 of an unknown type", call(PSCI_SYSTEM_RESET2, 5, 0, 0),
           PSCI_INVALID_PARAMETERS);
}

static volatile bool woken;

static void wake(void *arg)
{
    (void)arg;
    woken = true;
}

/* To standby, from which a CPU may wake at any time: like an idle loop. */
static void test_suspend(const char *name, conduit_fn call)
{
    woken = false;
    expect(name, "CPU_SUSPEND to a state that there is not", call(PSCI_CPU_SUSPEND, 1u << 30, 0, 0),
           PSCI_INVALID_PARAMETERS);
    expect(name, "CPU_SUSPEND to standby returns", call(PSCI_CPU_SUSPEND, 0, 0, 0), PSCI_SUCCESS);
    timer_after(20000000, wake, NULL);
    while (!woken) {
        (void)call(PSCI_CPU_SUSPEND, 0, 0, 0);
    }
    check("interrupts are taken between suspensions", woken);
}

int main(void)
{
    static const struct {
        const char *name;
        conduit_fn call;
    } conduits[] = { { "HVC", vm_hvc }, { "SMC", vm_smc } };

    for (unsigned i = 0; i < 2; i++) {
        test_discovery(conduits[i].name, conduits[i].call);
        test_refusals(conduits[i].name, conduits[i].call);
        test_suspend(conduits[i].name, conduits[i].call);
    }
    return check_end();
}
