/* SPDX-License-Identifier: Apache-2.0 */
#include "arch/arch.h"
#include "arch/entry.h"
#include "gen/rows.h"
#include "loader/board_check.h"
#include "loader/lifecycle.h"
#include "platform/console.h"
#include "platform/log.h"
#include "platform/panic.h"
#include "vdev/vcpu.h"
#include <tables.h>

static void check_cpu(void)
{
    const char *trouble = arch_cpu_check();

    if (trouble != NULL) {
        panic("board check: CPU %#llx: %s",
              (unsigned long long)pcpu_rows[arch_cpu_index()].hardware_id, trouble);
    }
}

static void start_other_cpus(void)
{
    for (uint32_t pcpu = 1; pcpu < PCPU_COUNT; pcpu++) {
        log_debug("firmware is to start CPU %#llx",
                  (unsigned long long)pcpu_rows[pcpu].hardware_id);
        if (!arch_cpu_start(pcpu)) {
            panic("firmware did not start CPU %#llx",
                  (unsigned long long)pcpu_rows[pcpu].hardware_id);
        }
    }
}

static void open_console(void)
{
    if (CONFIG_CONSOLE_SILENT) {
        console_flush();
        console_release(); /* from here on the UART is a guest's */
    } else {
        arch_irq_enable(PLAT_UART_SPI / 32u + 1u, 1u << (PLAT_UART_SPI % 32u));
    }
}

static _Noreturn void run_own_cpu(void)
{
    int16_t vcpu = pcpu_rows[arch_cpu_index()].vcpu;

    lifecycle_loop(vcpu < 0 ? NULL : &vcpus[vcpu]);
}

_Noreturn void boot_main(uint64_t dtb)
{
    console_init();
    log_info("Bulkhead: deployment '%s', build %.16s", deployment_name, deployment_hash);
    log_info("built with %s", build_tools);
    check_cpu();
    if (CONFIG_LOADER_BOARD_CHECK) {
        board_check(dtb);
    }
    if (CONFIG_ARCH_SPECULATION) {
        arch_cpu_harden();
    }
    arch_irq_board_init();
    arch_irq_cpu_init();
    panic_join(arch_cpu_index());
    lifecycle_init();
    open_console();
    start_other_cpus();
    run_own_cpu();
}

_Noreturn void boot_secondary(void)
{
    check_cpu();
    if (CONFIG_ARCH_SPECULATION) {
        arch_cpu_harden();
    }
    arch_irq_cpu_init();
    panic_join(arch_cpu_index());
    run_own_cpu();
}
