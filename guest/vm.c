/* SPDX-License-Identifier: Apache-2.0 */
#include "bulkhead/vm.h"

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

/* A translation table outside all memory: the next fetch needs a table that is not there, and so
 * does the vector that would tell of it.  No CPU can go on from that. */
void vm_crash(void)
{
    __asm__ volatile("msr ttbr0_el1, %0\n\t"
                     "isb\n\t"
                     "tlbi vmalle1\n\t"
                     "dsb nsh\n\t"
                     "isb" ::"r"(UINT64_C(0x7ffffff000))
                     : "memory");
    for (;;) {
        cpu_wait();
    }
}
