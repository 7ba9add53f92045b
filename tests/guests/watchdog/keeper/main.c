/* SPDX-License-Identifier: Apache-2.0 */

/* Uses the watchdog as it is meant, through the runtime and register by register. */

#include <bulkhead/cpu.h>
#include <bulkhead/fault.h>
#include <bulkhead/mmio.h>
#include <bulkhead/sysreg.h>
#include <bulkhead/timer.h>
#include <bulkhead/watchdog.h>

#include "../../check.h"
#include "machine.h"

#define MILLISECOND UINT64_C(1000000)
#define WCS 0x000u
#define WOR 0x008u
#define WCV 0x010u
#define IIDR 0xfccu

struct checks checks;

static volatile unsigned warnings;
static volatile unsigned faults;

static void warn(void *arg)
{
    (void)arg;
    warnings++;
}

static bool skip(struct fault *fault, void *arg)
{
    (void)arg;
    if (FAULT_CLASS(fault->esr) != FAULT_DATA_ABORT) {
        return false;
    }
    faults++;
    fault->elr += 4;
    return true;
}

static uint64_t compare_value(uint64_t base)
{
    return mmio_read32(base + WCV) | (uint64_t)mmio_read32(base + WCV + 4) << 32;
}

static void registers(void)
{
    const uint64_t base = machine.watchdog_base;
    const uint64_t hz = SYSREG_READ(cntfrq_el0);

    watchdog_refresh();
    ISB();
    const uint64_t now = SYSREG_READ(cntpct_el0);
    const uint64_t compare = compare_value(base);
    check_equal("it runs, nothing has happened", mmio_read32(base + WCS), 1);
    check_equal("version 1", mmio_read32(base + IIDR), 0x1043b);
    check_equal("in both frames", mmio_read32(machine.watchdog_refresh_base + IIDR), 0x1043b);
    check_equal("WOR is half of the time", mmio_read32(base + WOR), hz);
    check("WCV is in the VM's own ticks", compare <= now + hz && compare > now);
    check_equal("unknown registers read zero", mmio_read32(base + 0x100), 0);

    fault_handler(skip, NULL);
    (void)mmio_read64(base + WCV);
    mmio_write8(machine.watchdog_refresh_base, 1);
    fault_handler(NULL, NULL);
    check_equal("only words are accessed", faults, 2);
}

static void refreshing(void)
{
    check_equal("timeout as deployed", watchdog_timeout_ns(), 2000 * MILLISECOND);
    watchdog_on_warning(warn, NULL);
    for (unsigned n = 0; n < 30; n++) {
        timer_sleep(20 * MILLISECOND);
        watchdog_refresh();
    }
    check("refreshed in time", warnings == 0);
    timer_sleep(1200 * MILLISECOND);
    check_equal("WS0", mmio_read32(machine.watchdog_base + WCS), 3);
    watchdog_refresh();
    check("the interrupt comes after half of the time", warnings == 1);
    check_equal("a refresh clears WS0", mmio_read32(machine.watchdog_base + WCS), 1);
}

static void changing(void)
{
    watchdog_set(60000 * MILLISECOND);
    check("another timeout", watchdog_timeout_ns() / MILLISECOND == 60000);
    timer_sleep(2500 * MILLISECOND);
    check("it is in force", warnings == 1);
    watchdog_set(UINT64_C(100000) * 1000 * MILLISECOND);
    check("one of more than 32 bits", watchdog_timeout_ns() / MILLISECOND == 100000000);
    watchdog_set(500 * MILLISECOND);
    watchdog_stop();
    timer_sleep(700 * MILLISECOND);
    check("stopped, it does not bite", warnings == 1);
}

int main(void)
{
    check("a watchdog, and no late run before", watchdog_present() && !watchdog_was_late());
    registers();
    refreshing();
    changing();
    return check_end();
}
