/* SPDX-License-Identifier: Apache-2.0 */
#include "bulkhead/watchdog.h"

#include "bulkhead/irq.h"
#include "bulkhead/mmio.h"
#include "bulkhead/sysreg.h"
#include "machine.h"

/* Generic watchdog version 1, Arm BSA 1.0 (DEN 0094): two timeouts of WOR ticks each. */
#define WCS 0x000
#define WCS_EN 1u
#define WCS_WS1 4u
#define WOR 0x008
#define WOR_HIGH 0x00c
#define WRR 0x000
#define STAGES 2u

#define SECOND UINT64_C(1000000000)

static struct {
    void (*fn)(void *arg);
    void *arg;
} handler;

bool watchdog_present(void)
{
    return machine.watchdog_base != 0;
}

void watchdog_refresh(void)
{
    mmio_write32(machine.watchdog_refresh_base + WRR, 1);
}

/* Stopped meanwhile: the two halves of WOR belong together. */
void watchdog_set(uint64_t timeout_ns)
{
    const uint64_t hz = SYSREG_READ(cntfrq_el0);
    const uint64_t ticks = timeout_ns / SECOND * hz + timeout_ns % SECOND * hz / SECOND;
    const uint64_t base = machine.watchdog_base;

    mmio_write32(base + WCS, 0);
    mmio_write32(base + WOR_HIGH, (uint32_t)(ticks / STAGES >> 32));
    mmio_write32(base + WOR, (uint32_t)(ticks / STAGES));
    mmio_write32(base + WCS, WCS_EN);
}

uint64_t watchdog_timeout_ns(void)
{
    const uint64_t hz = SYSREG_READ(cntfrq_el0);
    const uint64_t low = mmio_read32(machine.watchdog_base + WOR);
    const uint64_t high = mmio_read32(machine.watchdog_base + WOR_HIGH);
    const uint64_t ticks = (high << 32 | low) * STAGES;

    return ticks / hz * SECOND + ticks % hz * SECOND / hz;
}

void watchdog_stop(void)
{
    mmio_write32(machine.watchdog_base + WCS, 0);
}

bool watchdog_was_late(void)
{
    return (mmio_read32(machine.watchdog_base + WCS) & WCS_WS1) != 0;
}

static void warning_interrupt(uint32_t intid, void *arg)
{
    (void)intid;
    (void)arg;
    handler.fn(handler.arg);
}

void watchdog_on_warning(void (*fn)(void *arg), void *arg)
{
    if (machine.watchdog_intid == 0) {
        return;
    }
    handler.fn = fn;
    handler.arg = arg;
    irq_handler(machine.watchdog_intid, warning_interrupt, NULL);
    irq_set_edge(machine.watchdog_intid, true);
    irq_enable(machine.watchdog_intid);
}
