/* SPDX-License-Identifier: Apache-2.0 */
#include "bulkhead/cpu.h"
#include "bulkhead/mmio.h"
#include "bulkhead/sysreg.h"
#include "gic.h"
#include "machine.h"

/* GICv2, IHI 0048: distributor 4.3, CPU interface 4.4.  Everything is in the group that it is in
 * after reset, whose enables are the lowest bits. */
#define GICD_CTLR 0x000
#define GICD_CTLR_ENABLE 1u
#define GICD_ITARGETSR 0x800
#define GICD_SGIR 0xf00
#define GICD_SGIR_TARGETS_SHIFT 16
#define GICC_CTLR 0x00
#define GICC_CTLR_ENABLE 1u /* EOI both drops and deactivates */
#define GICC_PMR 0x04
#define GICC_BPR 0x08
#define GICC_IAR 0x0c
#define GICC_EOIR 0x10

static uint8_t targets[CPU_MAX]; /* the bit of each CPU's interface */

static uint64_t frame_of(uint32_t intid)
{
    (void)intid;
    return machine.gicd_base;
}

static void wait_for_writes(uint32_t intid)
{
    (void)intid;
    (void)mmio_read32(machine.gicd_base + GICD_CTLR);
}

static void init(void)
{
    mmio_write32(machine.gicd_base + GICD_CTLR, GICD_CTLR_ENABLE);
}

static void cpu_init(void)
{
    targets[cpu_index()] = (uint8_t)mmio_read32(machine.gicd_base + GICD_ITARGETSR);
    for (uint32_t i = 0; i < GIC_SPI_FIRST; i += 4) {
        mmio_write32(machine.gicd_base + GIC_IPRIORITYR + i, GIC_PRIORITY * 0x01010101u);
    }
    mmio_write32(machine.gicd_base + GIC_ISENABLER, 0xffffu); /* SGIs */
    mmio_write32(machine.gicc_base + GICC_PMR, 0xff);
    mmio_write32(machine.gicc_base + GICC_BPR, 0);
    mmio_write32(machine.gicc_base + GICC_CTLR, GICC_CTLR_ENABLE);
}

static void claim(uint32_t intid)
{
    mmio_write8(machine.gicd_base + GICD_ITARGETSR + intid, targets[0]);
}

static void send(unsigned cpu, uint32_t sgi)
{
    mmio_write32(machine.gicd_base + GICD_SGIR,
                 (uint32_t)targets[cpu] << GICD_SGIR_TARGETS_SHIFT | sgi);
}

static uint32_t acknowledge(void)
{
    const uint32_t value = mmio_read32(machine.gicc_base + GICC_IAR);
    DSB(sy);
    return value;
}

static void end(uint32_t acknowledged)
{
    mmio_write32(machine.gicc_base + GICC_EOIR, acknowledged);
}

const struct gic_ops gic2_ops = {
    .init = init,
    .cpu_init = cpu_init,
    .frame = frame_of,
    .wait = wait_for_writes,
    .claim = claim,
    .send = send,
    .acknowledge = acknowledge,
    .end = end,
};
