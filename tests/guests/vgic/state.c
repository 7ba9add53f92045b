/* SPDX-License-Identifier: Apache-2.0 */

#include "../check.h"
#include "../gic.h"
#include "tests.h"

/* Pending to active to idle, as the distributor and the CPU interface tell it. */
static void life_of(const char *kind, uint32_t intid)
{
    char text[64];

    quiet();
    gic_bit_write(ISPENDR, intid);
    snprintf(text, sizeof(text), "%s: pending but disabled does not interrupt", kind);
    check(text, !irq_waits() && gic_bit(ISPENDR, intid));

    gic_bit_write(ISENABLER, intid);
    snprintf(text, sizeof(text), "%s: enabled, it interrupts", kind);
    check(text, irq_waits() && gic_highest() == intid);

    const uint32_t acknowledged = gic_acknowledge();
    snprintf(text, sizeof(text), "%s: acknowledged", kind);
    check_equal(text, acknowledged, intid);
    snprintf(text, sizeof(text), "%s: active, no more pending", kind);
    check(text, gic_bit(ISACTIVER, intid) && !gic_bit(ISPENDR, intid) && !irq_waits());

    gic_bit_write(ISPENDR, intid);
    snprintf(text, sizeof(text), "%s: pended while active waits", kind);
    check(text, gic_bit(ISPENDR, intid) && gic_bit(ISACTIVER, intid) && !irq_waits());

    gic_end(intid);
    snprintf(text, sizeof(text), "%s: comes again after its end", kind);
    check(text, irq_waits() && gic_acknowledge() == intid);
    gic_end(intid);
    snprintf(text, sizeof(text), "%s: idle", kind);
    check(text, !gic_bit(ISACTIVER, intid) && !gic_bit(ISPENDR, intid) && !irq_waits());
    snprintf(text, sizeof(text), "%s: nothing more to acknowledge", kind);
    check_equal(text, gic_acknowledge(), SPURIOUS);
}

void test_life_cycle(void)
{
    life_of("SGI", SGI_A);
    life_of("PPI", PPI_A);
    life_of("SPI", SPI_A);

    quiet();
    gic_bit_write(ISENABLER, SGI_B);
    send_self(SGI_B);
    check_equal("SGI to itself", gic_acknowledge(), SGI_B);
    gic_end(SGI_B);

    enable_and_pend(SPI_A);
    gic_bit_write(ICPENDR, SPI_A);
    check("ICPENDR takes it back", !irq_waits() && gic_acknowledge() == SPURIOUS);

    enable_and_pend(SPI_A);
    gic_bit_write(ICENABLER, SPI_A);
    check("ICENABLER holds it back", !irq_waits() && gic_bit(ISPENDR, SPI_A));
    gic_bit_write(ISENABLER, SPI_A);
    check_equal("and ISENABLER lets it through", gic_acknowledge(), SPI_A);
    gic_end(SPI_A);

    gic_forward(false);
    gic_bit_write(ISPENDR, SPI_A);
    check("a disabled distributor forwards nothing", !irq_waits());
    gic_forward(true);
    check_equal("enabled again, it does", gic_acknowledge(), SPI_A);
    gic_end(SPI_A);
}

void test_edge_and_level(void)
{
    quiet();
    enable_and_pend(SPI_A);
    enable_and_pend(SPI_A);
    check_equal("edge: two pends", gic_acknowledge(), SPI_A);
    gic_end(SPI_A);
    check_equal("are one interrupt", gic_acknowledge(), SPURIOUS);

    /* A level interrupt without a line: only the latch that ISPENDR sets, which an acknowledge
     * clears (IHI 0069 4.1.4). */
    gic_edge(SPI_B, false);
    enable_and_pend(SPI_B);
    check_equal("level: pended by ISPENDR", gic_acknowledge(), SPI_B);
    gic_end(SPI_B);
    check("level: the latch is gone", !irq_waits() && !gic_bit(ISPENDR, SPI_B));
}
