/* SPDX-License-Identifier: Apache-2.0 */

#include <bulkhead/sysreg.h>

#include "../check.h"
#include "../gic.h"
#include "tests.h"

void test_identification(void)
{
    check_equal("GICD_PIDR2 says GICv3", mmio_read32(GICD + GICD_PIDR2) >> 4 & 0xf, 3);
    check_equal("GICR_PIDR2 says GICv3", mmio_read32(GICR + GICD_PIDR2) >> 4 & 0xf, 3);
    const uint32_t typer = mmio_read32(GICD + GICD_TYPER);
    check("GICD_TYPER has the SPIs of this test", (typer & 0x1f) >= 1);
    check("GICD_CTLR: affinity routing, one security state",
          (mmio_read32(GICD + GICD_CTLR) & 0x50) == 0x50);
    check_equal("GICR_TYPER of CPU 0: affinity 0", mmio_read64(GICR + GICR_TYPER) >> 32, 0);
    check_equal("GICR_WAKER awake", mmio_read32(GICR + GICR_WAKER) & 6, 0);
    check("ICC_SRE_EL1.SRE", SYSREG_READ(icc_sre_el1) & 1);
    check("reserved distributor register reads zero", mmio_read32(GICD + 0x00c) == 0);
}

static void test_set_clear(const char *name, uint32_t set, uint32_t clear, uint32_t intid)
{
    char text[64];

    gic_bit_write(set, intid);
    const bool after_set = gic_bit(set, intid) && gic_bit(clear, intid);
    gic_bit_write(clear, intid);
    const bool after_clear = gic_bit(set, intid) || gic_bit(clear, intid);
    snprintf(text, sizeof(text), "%s of INTID %u is set and cleared", name, (unsigned)intid);
    check(text, after_set && !after_clear);
}

void test_registers(void)
{
    static const uint32_t intids[] = { SGI_A, PPI_A, SPI_A };

    quiet();
    for (unsigned i = 0; i < 3; i++) {
        test_set_clear("enable", ISENABLER, ICENABLER, intids[i]);
        test_set_clear("pending", ISPENDR, ICPENDR, intids[i]);
        test_set_clear("active", ISACTIVER, ICACTIVER, intids[i]);
    }
    gic_priority(SPI_A, 0x40);
    gic_priority(SPI_A + 1, 0x80);
    check_equal("priority bytes", mmio_read32(GICD + IPRIORITYR + SPI_A) & 0xffff, 0x8040);
    gic_priority(SPI_A + 1, 0xa0);

    gic_group(SPI_B, 0);
    check("group 0 is kept", !gic_bit(IGROUPR, SPI_B));
    gic_group(SPI_B, 1);
    check("group 1 is kept", gic_bit(IGROUPR, SPI_B));

    gic_edge(SPI_B, false);
    check_equal("level is kept", mmio_read32(GICD + ICFGR + SPI_B / 16 * 4) >> SPI_B % 16 * 2 & 2,
                0);
    gic_edge(SPI_B, true);
    check_equal("edge is kept", mmio_read32(GICD + ICFGR + SPI_B / 16 * 4) >> SPI_B % 16 * 2 & 2,
                2);
    check_equal("SGIs are edge-triggered", mmio_read32(GICR + GICR_SGI_FRAME + ICFGR) & 0xaaaaaaaa,
                0xaaaaaaaa);

    mmio_write64(GICD + IROUTER + 8 * SPI_A, UINT64_C(1) << 31);
    check("no SPI goes to one of several CPUs", (mmio_read32(GICD + GICD_TYPER) & 1u << 25) != 0);
    check_equal("routing to any CPU is not there", mmio_read64(GICD + IROUTER + 8 * SPI_A), 0);
    mmio_write64(GICD + IROUTER + 8 * SPI_A, 0);
    check_equal("routing to CPU 0 is kept", mmio_read64(GICD + IROUTER + 8 * SPI_A), 0);
}
