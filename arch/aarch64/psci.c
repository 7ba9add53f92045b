/* SPDX-License-Identifier: Apache-2.0 */
#include "arch/aarch64/aarch64.h"
#include "arch/aarch64/sysreg.h"
#include "arch/arch.h"
#include "gen/rows.h"
#include "platform/panic.h"

/* The board's firmware, by PSCI (DEN 0022, 5.1). */
#define PSCI_CPU_ON UINT64_C(0xc4000003)
#define PSCI_SYSTEM_OFF UINT64_C(0x84000008)
#define PSCI_SYSTEM_RESET UINT64_C(0x84000009)

void secondary_entry(void); /* head.S */

/* SMCCC 1.0 lets firmware change x4-x17. */
void arch_firmware_call(uint64_t registers[4])
{
    register uint64_t x0 __asm__("x0") = registers[0];
    register uint64_t x1 __asm__("x1") = registers[1];
    register uint64_t x2 __asm__("x2") = registers[2];
    register uint64_t x3 __asm__("x3") = registers[3];

    __asm__ volatile("smc #0"
                     : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3)
                     :
                     : "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14", "x15",
                       "x16", "x17", "memory");
    registers[0] = x0;
    registers[1] = x1;
    registers[2] = x2;
    registers[3] = x3;
}

uint64_t aarch64_smc(uint64_t function, uint64_t arg1, uint64_t arg2, uint64_t arg3)
{
    uint64_t registers[4] = { function, arg1, arg2, arg3 };

    arch_firmware_call(registers);
    return registers[0];
}

bool arch_cpu_start(uint32_t pcpu)
{
    aarch64_dsb_sy(); /* it finds what this CPU wrote */
    return aarch64_smc(PSCI_CPU_ON, pcpu_rows[pcpu].hardware_id, (uint64_t)secondary_entry, pcpu) ==
           0;
}

_Noreturn void arch_board_off(void)
{
    aarch64_smc(PSCI_SYSTEM_OFF, 0, 0, 0);
    panic("firmware did not power the board off");
}

_Noreturn void arch_board_reset(void)
{
    aarch64_smc(PSCI_SYSTEM_RESET, 0, 0, 0);
    panic("firmware did not reset the board");
}
