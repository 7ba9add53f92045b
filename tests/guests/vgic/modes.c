/* SPDX-License-Identifier: Apache-2.0 */

#include <bulkhead/sysreg.h>

#include "../check.h"
#include "../gic.h"
#include "tests.h"

#define EOI_MODE 2u /* ICC_CTLR_EL1.EOImode: EOIR only drops the priority, DIR deactivates */

void test_modes(void)
{
    quiet();
    SYSREG_WRITE(icc_ctlr_el1, EOI_MODE);
    ISB();
    check("EOImode 1 is kept", SYSREG_READ(icc_ctlr_el1) & EOI_MODE);
    enable_and_pend(SPI_A);
    check_equal("EOImode 1: acknowledged", gic_acknowledge(), SPI_A);
    gic_end(SPI_A);
    check_equal("EOIR drops the priority", SYSREG_READ(icc_rpr_el1), 0xff);
    check("and leaves it active", gic_bit(ISACTIVER, SPI_A));
    gic_bit_write(ISPENDR, SPI_A);
    check("an active one does not come again", !irq_waits());
    enable_and_pend(SPI_B);
    check_equal("another one does", gic_acknowledge(), SPI_B);
    gic_end(SPI_B);
    SYSREG_WRITE(icc_dir_el1, SPI_B);
    SYSREG_WRITE(icc_dir_el1, SPI_A);
    ISB();
    check("DIR deactivates", !gic_bit(ISACTIVER, SPI_A) && !gic_bit(ISACTIVER, SPI_B));
    check_equal("then it comes again", gic_acknowledge(), SPI_A);
    gic_end(SPI_A);
    SYSREG_WRITE(icc_dir_el1, SPI_A);
    SYSREG_WRITE(icc_ctlr_el1, 0);
    ISB();

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
    SYSREG_WRITE(icc_igrpen1_el1, 0);
    check("group 1 switched off at the CPU", !irq_waits());
    SYSREG_WRITE(icc_igrpen1_el1, 1);
    ISB();
    check_equal("and on again", gic_acknowledge(), SPI_A);
    gic_end(SPI_A);
}

/* With one security state group 0 is the guest's own, signalled as FIQ. */
void test_groups(void)
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
