/* SPDX-License-Identifier: Apache-2.0 */
/* sources: platform/bcm2835_pm.c */
#include "platform/power.h"
#include "tests/unit/check.h"
#include <tables.h>

#include <string.h>

#define RSTC (0x1c / 4)
#define RSTS (0x20 / 4)
#define WDOG (0x24 / 4)

uint32_t unit_power[UNIT_POWER_COUNT];

/* As firmware leaves them: bits of others are set, and reads carry no password. */
static void fill(void)
{
    memset(unit_power, 0, sizeof(unit_power));
    unit_power[RSTC] = 0x00000112;
    unit_power[RSTS] = 0x00001002;
}

static void test_reset(void)
{
    fill();
    plat_power_reset();
    CHECK_EQ(unit_power[RSTC], 0x5a000122); /* full reset in place of what was chosen */
    CHECK_EQ(unit_power[WDOG] >> 24, 0x5a);
    CHECK(unit_power[WDOG] != 0x5a000000);
    CHECK_EQ(unit_power[RSTS], 0x00001002); /* the same partition boots again */
}

static void test_off(void)
{
    fill();
    plat_power_off();
    CHECK_EQ(unit_power[RSTS], 0x5a001557); /* partition 63: firmware stays off */
    CHECK_EQ(unit_power[RSTC], 0x5a000122);
}

int main(void)
{
    TEST(test_reset);
    TEST(test_off);
    return test_result();
}
