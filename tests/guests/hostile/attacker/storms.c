/* SPDX-License-Identifier: Apache-2.0 */

/* Interrupts that never stop: a timer in the past, SGIs to oneself, the UART's level, each taken
 * again as soon as it ends; and sleeps that something always ends. */

#include "../../gic.h"

#include "attacker.h"
#include "random.h"
#include "trap.h"

#define STORM 20000u
#define TIMER 27u
#define UART UINT64_C(0x09000000)
#define UARTDR 0x00u
#define UARTCR 0x30u
#define UARTIMSC 0x38u
#define UART_INTID 33u
#define PATIENCE 100000u

/* Interrupts until there were STORM of them, or none comes for long. */
static uint64_t storm(void (*raise)(void))
{
    struct trap *trap = trap_own();
    uint64_t before = trap->interrupts;

    trap->interrupt_limit = before + STORM;
    for (uint64_t i = 0; i < PATIENCE && trap->interrupts < before + STORM; i++) {
        raise();
        __asm__ volatile("msr daifclr, #3\n\tnop\n\tmsr daifset, #3" ::: "memory");
        take_turns(i);
    }
    return trap->interrupts - before;
}

static void nothing(void)
{
}

static void sgi_to_itself(void)
{
    SYSREG_WRITE(icc_sgi1r_el1, UINT64_C(3) << 24 | 1);
    SYSREG_WRITE(icc_sgi1r_el1, UINT64_C(4) << 24 | 1);
    ISB();
}

static void sleep_late(void)
{
    __asm__ volatile("wfi\n\twfe\n\tsev\n\twfe" ::: "memory");
}

static void all_storms(uint64_t *taken)
{
    gic_on();
    gic_open(TIMER);
    SYSREG_WRITE(cntv_cval_el0, 0);
    SYSREG_WRITE(cntv_ctl_el0, 1);
    ISB();
    *taken += storm(nothing);
    *taken += storm(sleep_late);
    SYSREG_WRITE(cntv_ctl_el0, 2);
    gic_on();
    gic_open(3);
    gic_open(4);
    *taken += storm(sgi_to_itself);
    gic_on();
    gic_open(UART_INTID);
    mmio_write32(UART + UARTCR, 0x301);
    mmio_write32(UART + UARTIMSC, 0x7ff);
    mmio_write8(UART + UARTDR, '\n');
    *taken += storm(nothing);
    mmio_write32(UART + UARTIMSC, 0);
    gic_on();
}

uint64_t attack_storms(void)
{
    uint64_t taken = 0;

    all_storms(&taken);
    return taken;
}
