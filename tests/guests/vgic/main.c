/* SPDX-License-Identifier: Apache-2.0 */

/* The GIC as one CPU sees it: every interrupt here is pended by software and acknowledged by
 * hand, with PSTATE.I and .F set throughout. */

#include "../check.h"
#include "../gic.h"
#include "tests.h"

struct checks checks;

static const uint32_t used[] = { SGI_A, SGI_B, SGI_C, PPI_A, SPI_A, SPI_B, SPI_C, SPI_D };

/* Everything to a known state: group 1, priority 0xa0, disabled, idle, SPIs edge-triggered. */
void quiet(void)
{
    for (unsigned i = 0; i < sizeof(used) / sizeof(used[0]); i++) {
        gic_bit_write(ICENABLER, used[i]);
        gic_bit_write(ICPENDR, used[i]);
        gic_bit_write(ICACTIVER, used[i]);
        gic_group(used[i], gic_usual_group());
        gic_priority(used[i], 0xa0);
        if (used[i] >= 32) {
            gic_edge(used[i], true);
            gic_route(used[i], 0);
        }
    }
    gic_mask(0xff);
    gic_interface(true, false);
}

void enable_and_pend(uint32_t intid)
{
    gic_bit_write(ISENABLER, intid);
    gic_bit_write(ISPENDR, intid);
}

void send_self(uint32_t sgi)
{
    gic_send_list(sgi, 1);
}

int main(void)
{
    __asm__ volatile("msr daifset, #3" ::: "memory"); /* IRQ and FIQ */
    test_identification();
    test_registers();
    test_life_cycle();
    test_edge_and_level();
    test_priority();
    test_many();
    test_modes();
    test_groups();
    quiet();
    return check_end();
}
