/* SPDX-License-Identifier: Apache-2.0 */
#include "bulkhead/irq.h"

#include <stddef.h>

#include "bulkhead/cpu.h"
#include "bulkhead/mmio.h"
#include "bulkhead/sysreg.h"
#include "bulkhead/vm.h"
#include "frame.h"
#include "irq.h"
#include "machine.h"

/* GICv3, IHI 0069: distributor 12.9, redistributor 12.11.  A redistributor's second frame has the
 * distributor's layout for the CPU's own 32 interrupts. */
#define GICD_CTLR 0x000
#define GICD_CTLR_GROUP1_AFFINITY 0x12u /* EnableGrp1, ARE (DS = 1) */
#define GICD_CTLR_RWP (1u << 31)
#define GICR_CTLR 0x000
#define GICR_CTLR_RWP (1u << 3)
#define GICR_TYPER 0x008
#define GICR_TYPER_LAST (1u << 4)
#define GICR_WAKER 0x014
#define GICR_WAKER_SLEEP (1u << 1)
#define GICR_WAKER_ASLEEP (1u << 2)
#define GICR_STRIDE 0x20000
#define GICR_SGI_FRAME 0x10000
#define IGROUPR 0x080
#define ISENABLER 0x100
#define ICENABLER 0x180
#define IPRIORITYR 0x400
#define ICFGR 0xc00
#define IROUTER 0x6000

#define SPI_FIRST 32u
#define INTID_COUNT 1020u /* from here on: special numbers */
#define PRIORITY 0xa0u
#define MPIDR_AFFINITY UINT64_C(0xff00ffffff)

static struct {
    irq_handler_fn fn;
    void *arg;
} handlers[INTID_COUNT];

static uint64_t redistributors[CPU_MAX];

/* The registers that rule `intid`: the own CPU's for SGIs and PPIs. */
static uint64_t frame_of(uint32_t intid)
{
    return intid < SPI_FIRST ? redistributors[cpu_index()] + GICR_SGI_FRAME : machine.gicd_base;
}

static void wait_for_writes(uint32_t intid)
{
    const bool own = intid < SPI_FIRST;
    const uint64_t control =
        own ? redistributors[cpu_index()] + GICR_CTLR : machine.gicd_base + GICD_CTLR;
    const uint32_t pending = own ? GICR_CTLR_RWP : GICD_CTLR_RWP;

    while (mmio_read32(control) & pending) {
        cpu_relax();
    }
}

void irq_init(void)
{
    mmio_write32(machine.gicd_base + GICD_CTLR, GICD_CTLR_GROUP1_AFFINITY);
    wait_for_writes(SPI_FIRST);
}

static uint64_t find_redistributor(uint64_t affinity)
{
    for (uint64_t base = machine.gicr_base;; base += GICR_STRIDE) {
        const uint64_t type = mmio_read64(base + GICR_TYPER);
        const uint64_t packed = (affinity & 0xffffffu) | ((affinity >> 32) << 24);
        if (type >> 32 == packed) {
            return base;
        }
        if ((type & GICR_TYPER_LAST) ||
            base + GICR_STRIDE >= machine.gicr_base + machine.gicr_size) {
            vm_crash();
        }
    }
}

void irq_cpu_init(void)
{
    const uint64_t base = find_redistributor(SYSREG_READ(mpidr_el1) & MPIDR_AFFINITY);

    redistributors[cpu_index()] = base;
    mmio_write32(base + GICR_WAKER, mmio_read32(base + GICR_WAKER) & ~GICR_WAKER_SLEEP);
    while (mmio_read32(base + GICR_WAKER) & GICR_WAKER_ASLEEP) {
        cpu_relax();
    }
    mmio_write32(base + GICR_SGI_FRAME + IGROUPR, UINT32_MAX);
    for (uint32_t i = 0; i < SPI_FIRST; i += 4) {
        mmio_write32(base + GICR_SGI_FRAME + IPRIORITYR + i, PRIORITY * 0x01010101u);
    }
    mmio_write32(base + GICR_SGI_FRAME + ISENABLER, 0xffffu); /* SGIs */

    SYSREG_WRITE(icc_sre_el1, 1);
    ISB();
    SYSREG_WRITE(icc_pmr_el1, 0xff);
    SYSREG_WRITE(icc_bpr1_el1, 0);
    SYSREG_WRITE(icc_ctlr_el1, 0); /* EOI both drops and deactivates */
    SYSREG_WRITE(icc_igrpen1_el1, 1);
    ISB();
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
    const uint64_t frame = frame_of(intid);
    const uint64_t word = intid / 32 * 4;
    const uint32_t bit = 1u << intid % 32;

    if (intid >= SPI_FIRST) {
        mmio_write32(frame + IGROUPR + word, mmio_read32(frame + IGROUPR + word) | bit);
        mmio_write8(frame + IPRIORITYR + intid, PRIORITY);
        mmio_write64(frame + IROUTER + 8 * (uint64_t)intid, machine.cpu_ids[0]);
    }
    mmio_write32(frame + ISENABLER + word, bit);
}

void irq_disable(uint32_t intid)
{
    mmio_write32(frame_of(intid) + ICENABLER + intid / 32 * 4, 1u << intid % 32);
    wait_for_writes(intid);
}

void irq_set_edge(uint32_t intid, bool edge)
{
    const uint64_t address = frame_of(intid) + ICFGR + intid / 16 * 4;
    const uint32_t bit = 2u << intid % 16 * 2;
    const uint32_t value = mmio_read32(address);

    mmio_write32(address, edge ? value | bit : value & ~bit);
}

void irq_set_priority(uint32_t intid, uint8_t priority)
{
    mmio_write8(frame_of(intid) + IPRIORITYR + intid, priority);
}

/* ICC_SGI1R_EL1, IHI 0069 12.2.37: a list of 16 CPUs with the same upper affinity. */
void irq_send(unsigned cpu, uint32_t intid)
{
    const uint64_t id = machine.cpu_ids[cpu];
    const uint64_t level0 = id & 0xff;

    DSB(ishst);
    SYSREG_WRITE(icc_sgi1r_el1, ((id >> 32 & 0xff) << 48) | (level0 / 16 << 44) |
                                    ((id >> 16 & 0xff) << 32) | ((uint64_t)intid << 24) |
                                    ((id >> 8 & 0xff) << 16) | (UINT64_C(1) << level0 % 16));
    ISB();
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
        const uint32_t intid = (uint32_t)SYSREG_READ(icc_iar1_el1) & 0xffffffu;
        DSB(sy);
        if (intid >= INTID_COUNT) {
            return;
        }
        if (handlers[intid].fn != NULL) {
            handlers[intid].fn(intid, handlers[intid].arg);
        } else if (intid >= 16) {
            irq_disable(intid); /* nobody wants it: a level interrupt would come for ever */
        }
        SYSREG_WRITE(icc_eoir1_el1, intid);
        ISB();
    }
}
