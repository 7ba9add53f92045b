/* SPDX-License-Identifier: Apache-2.0 */
#include "bulkhead/vm.h"

#include <stddef.h>

#include "bulkhead/cpu.h"
#include "machine.h"
#include "psci.h"

/* SMCCC (DEN 0028) 2.6: x4-x17 may be clobbered by callee versions before 1.2. */
#define SMCCC_CALL(instruction)                                                                    \
    register uint64_t x0 __asm__("x0") = function;                                                 \
    register uint64_t x1 __asm__("x1") = a;                                                        \
    register uint64_t x2 __asm__("x2") = b;                                                        \
    register uint64_t x3 __asm__("x3") = c;                                                        \
    __asm__ volatile(instruction                                                                   \
                     : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3)                                      \
                     :                                                                             \
                     : "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14",      \
                       "x15", "x16", "x17", "memory");                                             \
    return (int64_t)x0

int64_t vm_hvc(uint32_t function, uint64_t a, uint64_t b, uint64_t c)
{
    SMCCC_CALL("hvc #0");
}

int64_t vm_smc(uint32_t function, uint64_t a, uint64_t b, uint64_t c)
{
    SMCCC_CALL("smc #0");
}

int64_t vm_call(uint32_t function, const uint64_t args[4], uint64_t results[3])
{
    register uint64_t x0 __asm__("x0") = function;
    register uint64_t x1 __asm__("x1") = args[0];
    register uint64_t x2 __asm__("x2") = args[1];
    register uint64_t x3 __asm__("x3") = args[2];
    register uint64_t x4 __asm__("x4") = args[3];

    __asm__ volatile("hvc #0"
                     : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3), "+r"(x4)
                     :
                     : "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14", "x15",
                       "x16", "x17", "memory");
    if (results != NULL) {
        results[0] = x1;
        results[1] = x2;
        results[2] = x3;
    }
    return (int64_t)x0;
}

const char *vm_bootargs(void)
{
    return machine.bootargs;
}

void vm_off(void)
{
    (void)vm_hvc(PSCI_SYSTEM_OFF, 0, 0, 0);
    for (;;) {
        cpu_wait();
    }
}

void vm_reset(void)
{
    (void)vm_hvc(PSCI_SYSTEM_RESET, 0, 0, 0);
    for (;;) {
        cpu_wait();
    }
}

/* Without a vector and at an address without memory (a VM's page 0 has none): the abort's own
 * vector aborts, and the CPU can't go on. */
void vm_crash(void)
{
    __asm__ volatile("msr vbar_el1, xzr\n\t"
                     "mrs x0, sctlr_el1\n\t"
                     "bic x0, x0, #1\n\t"
                     "msr sctlr_el1, x0\n\t"
                     "isb\n\t"
                     "br xzr" ::
                         : "x0", "memory");
    __builtin_unreachable();
}
