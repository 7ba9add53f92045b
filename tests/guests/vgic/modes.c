/* SPDX-License-Identifier: Apache-2.0 */

#include <bulkhead/sysreg.h>

#include "../check.h"
#include "../gic.h"
#include "tests.h"

void test_modes(void)
{
    quiet();
    gic_interface(true, true);
    check("EOImode 1 is kept", gic_interface_is_split());
    enable_and_pend(SPI_A);
    check_equal("EOImode 1: acknowledged", gic_acknowledge(), SPI_A);
    gic_end(SPI_A);
    check_equal("EOIR drops the priority", gic_running(), 0xff);
    check("and leaves it active", gic_bit(ISACTIVER, SPI_A));
    gic_bit_write(ISPENDR, SPI_A);
    check("an active one does not come again", !irq_waits());
    enable_and_pend(SPI_B);
    check_equal("another one does", gic_acknowledge(), SPI_B);
    gic_end(SPI_B);
    gic_deactivate(SPI_B);
    gic_deactivate(SPI_A);
    check("DIR deactivates", !gic_bit(ISACTIVER, SPI_A) && !gic_bit(ISACTIVER, SPI_B));
    check_equal("then it comes again", gic_acknowledge(), SPI_A);
    gic_end(SPI_A);
    gic_deactivate(SPI_A);
    gic_interface(true, false);

    enable_and_pend(SPI_A);
    check_equal("EOImode 0: acknowledged", gic_acknowledge(), SPI_A);
    gic_end(SPI_A);
    check("EOIR deactivates", !gic_bit(ISACTIVER, SPI_A));

    gic_bit_write(ISENABLER, SPI_C);
    gic_bit_write(ISACTIVER, SPI_C);
    gic_bit_write(ISPENDR, SPI_C);
    check("made active by software, it does not come", !irq_waits());
    gic_bit_write(ICACTIVER, SPI_C);
    check_equal("deactivated by software, it does", gic_acknowledge(), SPI_C);
    gic_end(SPI_C);

    enable_and_pend(SPI_A);
    gic_interface(false, false);
    check("switched off at the CPU", !irq_waits());
    gic_interface(true, false);
    check_equal("and on again", gic_acknowledge(), SPI_A);
    gic_end(SPI_A);
}

/* With one security state group 0 is the guest's own, signalled as FIQ. */
static void test_groups_v3(void)
{
    quiet();
    mmio_write32(GICD + GICD_CTLR, 0x13);
    SYSREG_WRITE(icc_igrpen0_el1, 1);
    ISB();
    gic_group(SPI_A, 0);
    enable_and_pend(SPI_A);
    check("group 0 waits as FIQ", fiq_waits() && !irq_waits());
    check_equal("ICC_HPPIR0", SYSREG_READ(icc_hppir0_el1), SPI_A);
    check_equal("not for group 1's acknowledge", gic_acknowledge(), SPURIOUS);
    const uint64_t intid = SYSREG_READ(icc_iar0_el1);
    check_equal("for group 0's", intid, SPI_A);
    SYSREG_WRITE(icc_eoir0_el1, intid);
    ISB();
    check("ended", !fiq_waits() && !gic_bit(ISACTIVER, SPI_A));

    enable_and_pend(SPI_A);
    enable_and_pend(SPI_B);
    check("both groups at once", fiq_waits());
    const uint64_t first = SYSREG_READ(icc_iar0_el1);
    SYSREG_WRITE(icc_eoir0_el1, first);
    ISB();
    check_equal("group 0 and", first, SPI_A);
    check_equal("group 1", gic_acknowledge(), SPI_B);
    gic_end(SPI_B);

    gic_bit_write(ISENABLER, SGI_C);
    gic_group(SGI_C, 0);
    SYSREG_WRITE(icc_sgi0r_el1, (uint64_t)SGI_C << 24 | 1);
    ISB();
    check("SGI of group 0 through ICC_SGI0R", fiq_waits());
    const uint64_t sgi = SYSREG_READ(icc_iar0_el1);
    SYSREG_WRITE(icc_eoir0_el1, sgi);
    ISB();
    check_equal("and its number", sgi, SGI_C);

    SYSREG_WRITE(icc_igrpen0_el1, 0);
    ISB();
    gic_group(SPI_A, 1);
    mmio_write32(GICD + GICD_CTLR, 0x12);
}

/* Group 0 as FIQ beside group 1 as IRQ; one acknowledge register gives both (AckCtl). */
static void test_groups_v2(void)
{
    quiet();
    mmio_write32(GICD + GICD_CTLR, 3);
    mmio_write32(GICC + GICC_CTLR, GICC_CTLR_ENABLE0 | GICC_CTLR_ENABLE1 | GICC_CTLR_FIQ);
    gic_group(SPI_B, 1);
    enable_and_pend(SPI_A);
    check("group 0 waits as FIQ", fiq_waits() && !irq_waits());
    check_equal("acknowledged", gic_acknowledge(), SPI_A);
    gic_end(SPI_A);
    enable_and_pend(SPI_B);
    check("group 1 waits as IRQ", irq_waits() && !fiq_waits());
    check_equal("without AckCtl it is only told of", gic_acknowledge(), 1022);
    mmio_write32(GICC + GICC_CTLR,
                 GICC_CTLR_ENABLE0 | GICC_CTLR_ENABLE1 | GICC_CTLR_FIQ | GICC_CTLR_ACKNOWLEDGE1);
    check_equal("with AckCtl acknowledged", gic_acknowledge(), SPI_B);
    gic_end(SPI_B);
    gic_group(SPI_B, 0);
    gic_forward(true);
}

void test_groups(void)
{
    if (gic_is_v3()) {
        test_groups_v3();
    } else {
        test_groups_v2();
    }
}
