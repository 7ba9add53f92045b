/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/power.h"

#include <stdint.h>

#include "platform/relax.h"
#include <tables.h>

/* Power manager of BCM2835 to BCM2711, its watchdog (no public manual tells of it; these are the
 * registers of the binding brcm,bcm2835-pm as Linux drives them).  Every write carries a password.
 */
#define PM_RSTC 0x1cu
#define PM_RSTS 0x20u
#define PM_WDOG 0x24u

#define PM_PASSWORD 0x5a000000u
#define RSTC_WRCFG 0x30u
#define RSTC_WRCFG_FULL_RESET 0x20u
/* Which partition firmware boots from, its bits 0 to 5 spread over every second bit of RSTS: 63
 * asks it to stay off. */
#define RSTS_PARTITION 0x555u
#define WDOG_TICKS 10u         /* of 1/65536 s */
#define RESET_SPINS (1u << 22) /* longer than the watchdog takes */

static volatile uint32_t *reg(uint32_t offset)
{
    return (volatile uint32_t *)(uintptr_t)(PLAT_POWER_BASE + offset);
}

void plat_power_reset(void)
{
    *reg(PM_WDOG) = PM_PASSWORD | WDOG_TICKS;
    *reg(PM_RSTC) =
        PM_PASSWORD | (*reg(PM_RSTC) & ~(PM_PASSWORD | RSTC_WRCFG)) | RSTC_WRCFG_FULL_RESET;
    for (uint32_t spins = 0; spins < RESET_SPINS; spins++) {
        plat_relax();
    }
}

void plat_power_off(void)
{
    *reg(PM_RSTS) = PM_PASSWORD | (*reg(PM_RSTS) & ~PM_PASSWORD) | RSTS_PARTITION;
    plat_power_reset();
}
