/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/power.h"

#include "platform/relax.h"

/* A board that software can't switch off: it stays as it is. */
void plat_power_off(void)
{
    plat_halt();
}

/* The generator refuses deployments that may ask for it. */
void plat_power_reset(void)
{
    plat_halt();
}
