/* SPDX-License-Identifier: Apache-2.0 */
#include "bulkhead/irq.h"

#include <stddef.h>

#include "bulkhead/mmio.h"
#include "bulkhead/sysreg.h"
#include "frame.h"
#include "gic.h"
#include "irq.h"
#include "machine.h"

#define INTID_COUNT 1020u /* from here on: special numbers */

static const struct gic_ops *gic;

static struct {
    irq_handler_fn fn;
    void *arg;
} handlers[INTID_COUNT];

void irq_init(void)
{
    gic = machine.gicc_base != 0 ? &gic2_ops : &gic3_ops;
    gic->init();
}

void irq_cpu_init(void)
{
    gic->cpu_init();
}

void irq_handler(uint32_t intid, irq_handler_fn fn, void *arg)
{
    const uint64_t state = irq_mask();
    handlers[intid].arg = arg;
    handlers[intid].fn = fn;
    irq_restore(state);
}

void irq_enable(uint32_t intid)
{
    const uint64_t frame = gic->frame(intid);

    if (intid >= GIC_SPI_FIRST) {
        mmio_write8(frame + GIC_IPRIORITYR + intid, GIC_PRIORITY);
        gic->claim(intid);
    }
    mmio_write32(frame + GIC_ISENABLER + intid / 32 * 4, 1u << intid % 32);
}

void irq_disable(uint32_t intid)
{
    mmio_write32(gic->frame(intid) + GIC_ICENABLER + intid / 32 * 4, 1u << intid % 32);
    gic->wait(intid);
}

void irq_set_edge(uint32_t intid, bool edge)
{
    const uint64_t address = gic->frame(intid) + GIC_ICFGR + intid / 16 * 4;
    const uint32_t bit = 2u << intid % 16 * 2;
    const uint32_t value = mmio_read32(address);

    mmio_write32(address, edge ? value | bit : value & ~bit);
}

void irq_set_priority(uint32_t intid, uint8_t priority)
{
    mmio_write8(gic->frame(intid) + GIC_IPRIORITYR + intid, priority);
}

void irq_send(unsigned cpu, uint32_t intid)
{
    DSB(ishst);
    gic->send(cpu, intid);
}

uint64_t irq_mask(void)
{
    const uint64_t state = SYSREG_READ(daif);
    __asm__ volatile("msr daifset, #2" ::: "memory");
    return state;
}

void irq_restore(uint64_t state)
{
    SYSREG_WRITE(daif, state);
}

void irq_dispatch(struct frame *frame)
{
    (void)frame;
    for (;;) {
        const uint32_t acknowledged = gic->acknowledge();
        const uint32_t intid = acknowledged & GIC_INTID;

        if (intid >= INTID_COUNT) {
            return;
        }
        if (handlers[intid].fn != NULL) {
            handlers[intid].fn(intid, handlers[intid].arg);
        } else if (intid >= 16) {
            irq_disable(intid); /* nobody wants it: a level interrupt would come for ever */
        }
        gic->end(acknowledged);
    }
}
