/* SPDX-License-Identifier: Apache-2.0 */

#include "../check.h"
#include "../gic.h"
#include "tests.h"

void test_priority(void)
{
    quiet();
    gic_priority(SPI_A, 0x80);
    gic_priority(SPI_B, 0x40);
    gic_priority(SGI_A, 0x60);
    enable_and_pend(SPI_A);
    enable_and_pend(SPI_B);
    enable_and_pend(SGI_A);
    check_equal("the most urgent first", gic_acknowledge(), SPI_B);
    check_equal("running priority", gic_running(), 0x40);
    check("less urgent ones wait", !irq_waits());
    gic_end(SPI_B);
    check_equal("the next", gic_acknowledge(), SGI_A);

    gic_priority(SPI_C, 0x20);
    enable_and_pend(SPI_C);
    check("a more urgent one preempts", irq_waits());
    check_equal("and is acknowledged", gic_acknowledge(), SPI_C);
    check_equal("its running priority", gic_running(), 0x20);
    gic_end(SPI_C);
    check_equal("back to the preempted one", gic_running(), 0x60);
    gic_end(SGI_A);
    check_equal("the last", gic_acknowledge(), SPI_A);
    gic_end(SPI_A);
    check_equal("idle priority", gic_running(), 0xff);

    gic_mask(0x80);
    gic_priority(SPI_A, 0x80);
    enable_and_pend(SPI_A);
    check("the mask holds back its own priority", !irq_waits());
    check_equal("and gives nothing", gic_acknowledge(), SPURIOUS);
    gic_mask(0x88);
    check("a wider mask lets it through", irq_waits());
    check_equal("and it comes", gic_acknowledge(), SPI_A);
    gic_end(SPI_A);
    gic_mask(0xff);
}

/* More pending than there are list registers (four on this board), in mixed order. */
void test_many(void)
{
    enum { COUNT = 24 };
    bool ordered = true;

    quiet();
    for (uint32_t i = 0; i < COUNT; i++) {
        const uint32_t intid = 40 + (i * 7) % COUNT;
        gic_group(intid, gic_usual_group());
        gic_edge(intid, true);
        gic_route(intid, 0);
        gic_priority(intid, (uint8_t)(8 * (intid - 38)));
        enable_and_pend(intid);
    }
    for (uint32_t i = 0; i < COUNT; i++) {
        const uint32_t intid = gic_acknowledge();
        ordered = ordered && intid == 40 + i;
        gic_end(intid);
    }
    check("24 pending at once come in priority order", ordered);
    check_equal("and none twice", gic_acknowledge(), SPURIOUS);

    /* A late one more urgent than all that wait must not queue behind them. */
    for (uint32_t i = 1; i < COUNT; i++) {
        enable_and_pend(40 + i);
    }
    enable_and_pend(40);
    check_equal("a late urgent one comes first", gic_acknowledge(), 40);
    gic_end(40);
    uint32_t count = 0;
    while (count < COUNT && gic_acknowledge() != SPURIOUS) {
        gic_end(41 + count);
        count++;
    }
    check_equal("the others follow", count, COUNT - 1);
    for (uint32_t i = 0; i < COUNT; i++) {
        gic_bit_write(ICENABLER, 40 + i);
    }
}
