/* SPDX-License-Identifier: Apache-2.0 */
#include "arch/aarch64/aarch64.h"
#include "arch/aarch64/sysreg.h"
#include "arch/arch.h"
#include "arch/entry.h"
#include "gen/rows.h"
#include "platform/panic.h"
#include "platform/uart.h"
#include <tables.h>

#define MPIDR_AFFINITY UINT64_C(0xff00ffffff)

_Noreturn void aarch64_wrong_level(uint64_t level)
{
    plat_uart_init();
    panic("started at EL%u, but a hypervisor needs EL2: start the board with virtualization on",
          (unsigned)level);
}

_Noreturn void aarch64_boot(uint64_t dtb)
{
    uint64_t hardware_id = AARCH64_READ(mpidr_el1) & MPIDR_AFFINITY;

    AARCH64_WRITE(tpidr_el2, 0);
    plat_uart_init();
    if (hardware_id != pcpu_rows[0].hardware_id) {
        panic("firmware started CPU %#llx, the plan expects CPU %#llx",
              (unsigned long long)hardware_id, (unsigned long long)pcpu_rows[0].hardware_id);
    }
    aarch64_el2_init();
    boot_main(dtb);
}

_Noreturn void aarch64_secondary(uint64_t pcpu)
{
    AARCH64_WRITE(tpidr_el2, pcpu);
    aarch64_el2_init();
    boot_secondary();
}

uint32_t arch_cpu_index(void)
{
    return (uint32_t)AARCH64_READ(tpidr_el2);
}
