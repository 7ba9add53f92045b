/* SPDX-License-Identifier: Apache-2.0 */
#include "arch/aarch64/aarch64.h"
#include "arch/aarch64/sysreg.h"
#include "arch/arch.h"
#include "gen/rows.h"
#include "platform/panic.h"
#include "platform/power.h"
#include "platform/relax.h"
#include <tables.h>

/* Firmware without PSCI: its CPUs wait in a spin table (Devicetree Specification 0.4, 3.8.1: each
 * looks for an entry at its cpu-release-addr). */

void spin_table_entry(void); /* spin_table.S, which knows the row */

const struct pcpu_row *const aarch64_pcpu_rows_end = pcpu_rows + PCPU_COUNT;

_Static_assert(sizeof(struct pcpu_row) == 32, "PCPU_ROW_SIZE");
_Static_assert(offsetof(struct pcpu_row, hardware_id) == 0, "PCPU_ROW_HARDWARE_ID");
_Static_assert(offsetof(struct pcpu_row, release_address) == 8, "PCPU_ROW_RELEASE_ADDRESS");

/* The CPU looks with its caches off, so what it shall see, and what it writes, is in memory. */
static void put(hpa_t place, uint64_t value)
{
    *(volatile uint64_t *)place.addr = value;
    arch_mem_flush(place, sizeof(value));
}

static uint64_t look(hpa_t place)
{
    arch_mem_flush(place, sizeof(uint64_t));
    return *(volatile uint64_t *)place.addr;
}

/* Who comes takes the entry away; firmware itself answers nothing, so who does not come within a
 * second is refused. */
bool arch_cpu_start(uint32_t pcpu)
{
    hpa_t place = pcpu_rows[pcpu].release_address;
    uint64_t deadline;

    aarch64_dsb_sy(); /* it finds what this CPU wrote */
    put(place, (uint64_t)spin_table_entry);
    arch_cpu_wake();
    deadline = arch_time_now() + arch_time_hz();
    while (look(place) != 0) {
        if (arch_time_now() >= deadline) {
            put(place, 0);
            return false;
        }
        plat_relax();
    }
    return true;
}

_Noreturn void arch_board_off(void)
{
    plat_power_off();
    panic("the board was not switched off");
}

_Noreturn void arch_board_reset(void)
{
    plat_power_reset();
    panic("the board was not reset");
}
