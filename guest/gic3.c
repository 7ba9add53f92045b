/* SPDX-License-Identifier: Apache-2.0 */
#include <stdbool.h>

#include "bulkhead/cpu.h"
#include "bulkhead/mmio.h"
#include "bulkhead/sysreg.h"
#include "bulkhead/vm.h"
#include "gic.h"
#include "machine.h"

/* GICv3, IHI 0069: distributor 12.9, redistributor 12.11.  A redistributor's second frame has the
 * distributor's layout for the CPU's own 32 interrupts. */
#define GICD_CTLR 0x000
#define GICD_CTLR_GROUP1_AFFINITY 0x12u /* EnableGrp1, ARE (DS = 1) */
#define GICD_CTLR_RWP (1u << 31)
#define GICD_IROUTER 0x6000
#define GICR_CTLR 0x000
#define GICR_CTLR_RWP (1u << 3)
#define GICR_TYPER 0x008
#define GICR_TYPER_LAST (1u << 4)
#define GICR_WAKER 0x014
#define GICR_WAKER_SLEEP (1u << 1)
#define GICR_WAKER_ASLEEP (1u << 2)
#define GICR_STRIDE 0x20000
#define GICR_SGI_FRAME 0x10000

#define MPIDR_AFFINITY UINT64_C(0xff00ffffff)

static uint64_t redistributors[CPU_MAX];

static uint64_t frame_of(uint32_t intid)
{
    return intid < GIC_SPI_FIRST ? redistributors[cpu_index()] + GICR_SGI_FRAME : machine.gicd_base;
}

static void wait_for_writes(uint32_t intid)
{
    const bool own = intid < GIC_SPI_FIRST;
    const uint64_t control =
        own ? redistributors[cpu_index()] + GICR_CTLR : machine.gicd_base + GICD_CTLR;
    const uint32_t pending = own ? GICR_CTLR_RWP : GICD_CTLR_RWP;

    while (mmio_read32(control) & pending) {
        cpu_relax();
    }
}

static void init(void)
{
    mmio_write32(machine.gicd_base + GICD_CTLR, GICD_CTLR_GROUP1_AFFINITY);
    wait_for_writes(GIC_SPI_FIRST);
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

static void cpu_init(void)
{
    const uint64_t base = find_redistributor(SYSREG_READ(mpidr_el1) & MPIDR_AFFINITY);

    redistributors[cpu_index()] = base;
    mmio_write32(base + GICR_WAKER, mmio_read32(base + GICR_WAKER) & ~GICR_WAKER_SLEEP);
    while (mmio_read32(base + GICR_WAKER) & GICR_WAKER_ASLEEP) {
        cpu_relax();
    }
    mmio_write32(base + GICR_SGI_FRAME + GIC_IGROUPR, UINT32_MAX);
    for (uint32_t i = 0; i < GIC_SPI_FIRST; i += 4) {
        mmio_write32(base + GICR_SGI_FRAME + GIC_IPRIORITYR + i, GIC_PRIORITY * 0x01010101u);
    }
    mmio_write32(base + GICR_SGI_FRAME + GIC_ISENABLER, 0xffffu); /* SGIs */

    SYSREG_WRITE(icc_sre_el1, 1);
    ISB();
    SYSREG_WRITE(icc_pmr_el1, 0xff);
    SYSREG_WRITE(icc_bpr1_el1, 0);
    SYSREG_WRITE(icc_ctlr_el1, 0); /* EOI both drops and deactivates */
    SYSREG_WRITE(icc_igrpen1_el1, 1);
    ISB();
}

static void claim(uint32_t intid)
{
    const uint64_t group = machine.gicd_base + GIC_IGROUPR + intid / 32 * 4;

    mmio_write32(group, mmio_read32(group) | 1u << intid % 32);
    mmio_write64(machine.gicd_base + GICD_IROUTER + 8 * (uint64_t)intid, machine.cpu_ids[0]);
}

/* ICC_SGI1R_EL1, IHI 0069 12.2.37: a list of 16 CPUs with the same upper affinity. */
static void send(unsigned cpu, uint32_t sgi)
{
    const uint64_t id = machine.cpu_ids[cpu];
    const uint64_t level0 = id & 0xff;

    SYSREG_WRITE(icc_sgi1r_el1, ((id >> 32 & 0xff) << 48) | (level0 / 16 << 44) |
                                    ((id >> 16 & 0xff) << 32) | ((uint64_t)sgi << 24) |
                                    ((id >> 8 & 0xff) << 16) | (UINT64_C(1) << level0 % 16));
    ISB();
}

static uint32_t acknowledge(void)
{
    const uint32_t intid = (uint32_t)SYSREG_READ(icc_iar1_el1);
    DSB(sy);
    return intid;
}

static void end(uint32_t acknowledged)
{
    SYSREG_WRITE(icc_eoir1_el1, acknowledged);
    ISB();
}

const struct gic_ops gic3_ops = {
    .init = init,
    .cpu_init = cpu_init,
    .frame = frame_of,
    .wait = wait_for_writes,
    .claim = claim,
    .send = send,
    .acknowledge = acknowledge,
    .end = end,
};
