/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PLATFORM_POWER_H
#define PLATFORM_POWER_H

/* Board power where firmware has no PSCI: implemented by one file a device (bcm2835_pm.c), chosen
 * by Kconfig.  Any CPU, its registers mapped.  They return where the device does not do it. */
void plat_power_off(void);
void plat_power_reset(void);

#endif
