/* SPDX-License-Identifier: Apache-2.0 */

#include <bulkhead/sysreg.h>

#include "../check.h"
#include "../gic.h"
#include "tests.h"

static void test_identification_v3(void)
{
    check_equal("GICD_PIDR2 says GICv3", mmio_read32(GICD + GICD_PIDR2) >> 4 & 0xf, 3);
    check_equal("GICR_PIDR2 says GICv3", mmio_read32(GICR + GICD_PIDR2) >> 4 & 0xf, 3);
    check("GICD_CTLR: affinity routing, one security state",
          (mmio_read32(GICD + GICD_CTLR) & 0x50) == 0x50);
    check_equal("GICR_TYPER of CPU 0: affinity 0", mmio_read64(GICR + GICR_TYPER) >> 32, 0);
    check_equal("GICR_WAKER awake", mmio_read32(GICR + GICR_WAKER) & 6, 0);
    check("ICC_SRE_EL1.SRE", SYSREG_READ(icc_sre_el1) & 1);
}

static void test_identification_v2(void)
{
    check_equal("GICD_PIDR2 says GICv2", mmio_read32(GICD + GICD_PIDR2_V2) >> 4 & 0xf, 2);
    check_equal("GICD_TYPER: one CPU, one security state",
                mmio_read32(GICD + GICD_TYPER) >> 5 & 0x27, 0);
    check_equal("ITARGETSR0 tells the reader", mmio_read32(GICD + ITARGETSR), 0x01010101);
    check_equal("the distributor is on", mmio_read32(GICD + GICD_CTLR), 1);
}

void test_identification(void)
{
    if (gic_is_v3()) {
        test_identification_v3();
    } else {
        test_identification_v2();
    }
    check("GICD_TYPER has the SPIs of this test", (mmio_read32(GICD + GICD_TYPER) & 0x1f) >= 1);
    check("reserved distributor register reads zero", mmio_read32(GICD + 0x00c) == 0);
}

static void test_routes_v3(void)
{
    mmio_write64(GICD + IROUTER + 8 * SPI_A, UINT64_C(1) << 31);
    check("no SPI goes to one of several CPUs", (mmio_read32(GICD + GICD_TYPER) & 1u << 25) != 0);
    check_equal("routing to any CPU is not there", mmio_read64(GICD + IROUTER + 8 * SPI_A), 0);
    mmio_write64(GICD + IROUTER + 8 * SPI_A, 0);
    check_equal("routing to CPU 0 is kept", mmio_read64(GICD + IROUTER + 8 * SPI_A), 0);
}

static void test_targets_v2(void)
{
    mmio_write32(GICD + ITARGETSR + SPI_A, 0x01000100);
    check_equal("targets are kept, byte by byte", mmio_read32(GICD + ITARGETSR + SPI_A),
                0x01000100);
    mmio_write8(GICD + ITARGETSR + SPI_A, 0xff);
    check_equal("of CPUs that there are", mmio_read32(GICD + ITARGETSR + SPI_A), 0x01000101);
    mmio_write32(GICD + ITARGETSR + SPI_A, 0x01010101);

    mmio_write32(GICD + ISPENDR, 1u << SGI_A);
    check("ISPENDR does not pend an SGI", !gic_bit(ISPENDR, SGI_A));
    mmio_write8(GICD + SPENDSGIR + SGI_A, 0xff);
    check_equal("SPENDSGIR does, for each sender that there is",
                mmio_read32(GICD + SPENDSGIR + (SGI_A & ~3u)), 1u << 8 * (SGI_A % 4));
    mmio_write32(GICD + ICPENDR, 1u << SGI_A);
    check("ICPENDR does not take it back", gic_bit(ISPENDR, SGI_A));
    mmio_write8(GICD + CPENDSGIR + SGI_A, 1);
    check("CPENDSGIR does", !gic_bit(ISPENDR, SGI_A));
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
    check_equal("SGIs are edge-triggered", mmio_read32(gic_frame(0) + ICFGR) & 0xaaaaaaaa,
                0xaaaaaaaa);

    if (gic_is_v3()) {
        test_routes_v3();
    } else {
        test_targets_v2();
    }
}
