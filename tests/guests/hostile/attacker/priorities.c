/* SPDX-License-Identifier: Apache-2.0 */

/* Both CPUs change priorities, enables, groups, triggers, routes, pending and active states, masks
 * and the mode of ends of interrupts, at random, while interrupts come that they raise themselves.
 */

#include "../../gic.h"

#include "attacker.h"
#include "random.h"
#include "trap.h"

#define CHANGES 20000u /* by each CPU */
#define AT_ONCE 8u     /* interrupts that are taken before the next change */
#define INTIDS 96u

static const uint16_t words[] = { IGROUPR, ISENABLER, ICENABLER, ISPENDR,
                                  ICPENDR, ISACTIVER, ICACTIVER, ICFGR };

static void change_distributor(uint64_t *random)
{
    const uint32_t intid = (uint32_t)random_below(random, INTIDS);
    const uint64_t own = (SYSREG_READ(mpidr_el1) & 1) * GICR_STRIDE;
    const uint64_t frame = intid < 32 ? GICR + own + GICR_SGI_FRAME : GICD;
    const uint32_t registers = words[random_below(random, sizeof(words) / sizeof(words[0]))];
    const uint32_t value = (uint32_t)random_next(random);

    switch (random_below(random, 8)) {
    case 0:
        mmio_write32(GICD + GICD_CTLR, value & 0x13);
        break;
    case 1:
        mmio_write64(GICD + IROUTER + 8 * (uint64_t)intid, value & 1);
        break;
    case 2:
    case 3:
    case 4:
        mmio_write8(frame + IPRIORITYR + intid, (uint8_t)value);
        break;
    default:
        mmio_write32(frame + registers + (registers == ICFGR ? intid / 16 : intid / 32) * 4, value);
    }
}

static void change_interface(uint64_t *random)
{
    const uint64_t value = random_next(random);

    switch (random_below(random, 10)) {
    case 0:
        SYSREG_WRITE(icc_pmr_el1, value & 0xff);
        break;
    case 1:
        SYSREG_WRITE(icc_bpr1_el1, value & 7);
        break;
    case 2:
        SYSREG_WRITE(icc_ctlr_el1, value & 3); /* EOImode: ends no longer deactivate */
        break;
    case 3:
        SYSREG_WRITE(icc_igrpen1_el1, value & 1);
        SYSREG_WRITE(icc_igrpen0_el1, value >> 1 & 1);
        break;
    case 4:
        SYSREG_WRITE(icc_dir_el1, value % INTIDS);
        break;
    case 5:
        SYSREG_WRITE(icc_eoir1_el1, value % INTIDS);
        break;
    case 6:
        SYSREG_WRITE(icc_sgi1r_el1, (value & 15) << 24 | (value >> 8 & 3));
        break;
    case 7:
        SYSREG_WRITE(icc_sgi0r_el1, (value & 15) << 24 | (value >> 8 & 3));
        break;
    case 8:
        SYSREG_WRITE(cntv_cval_el0, 0);
        SYSREG_WRITE(cntv_ctl_el0, value & 3);
        break;
    default:
        SYSREG_WRITE(cntp_cval_el0, 0);
        SYSREG_WRITE(cntp_ctl_el0, value & 3);
    }
    ISB();
}

static void changes(void *arg)
{
    uint64_t random = 20 + (uintptr_t)arg;
    struct trap *trap = trap_own();

    for (unsigned i = 0; i < CHANGES; i++) {
        change_distributor(&random);
        change_interface(&random);
        trap->interrupt_limit = trap->interrupts + AT_ONCE;
        __asm__ volatile("msr daifclr, #3\n\tnop\n\tnop\n\tmsr daifset, #3" ::: "memory");
        take_turns(i);
    }
    SYSREG_WRITE(cntv_ctl_el0, 0);
    SYSREG_WRITE(cntp_ctl_el0, 0);
    trap->interrupt_limit = UINT64_MAX;
}

uint64_t attack_priorities(void)
{
    gic_on();
    on_both(changes);
    gic_on();
    return 2 * UINT64_C(2) * CHANGES;
}
