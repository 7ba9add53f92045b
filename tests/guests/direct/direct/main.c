/* SPDX-License-Identifier: Apache-2.0 */

/* A VM that takes its interrupts itself, on two CPUs.  It tests them, makes a mess of its interrupt
 * controller, resets itself, and tests them again. */

#include <bulkhead/cpu.h>
#include <bulkhead/irq.h>
#include <bulkhead/mmio.h>
#include <bulkhead/sysreg.h>
#include <bulkhead/timer.h>
#include <bulkhead/vm.h>
#include <stdatomic.h>

#include "../../check.h"
#include "../../gic.h"

#define RUNS UINT64_C(0xb0000000)
#define RTC UINT64_C(0x09010000)
#define RTC_DR (RTC + 0x00)
#define RTC_MR (RTC + 0x04)
#define RTC_IMSC (RTC + 0x10)
#define RTC_RIS (RTC + 0x14)
#define RTC_ICR (RTC + 0x1c)
#define RTC_INTID 34u
#define TIMER_INTID 27u
#define MS UINT64_C(1000000)
#define SGI_ALL 0xffffu
#define PRIORITY_STEP 0x10u

struct checks checks;

static _Atomic uint32_t came[2]; /* SGIs, by CPU */
static _Atomic uint32_t up;
static _Atomic uint32_t alarms;
static _Atomic uint32_t messy;

/* GICv2, under physical numbers: the CPUs of this VM are 0 and 2. */
#define OWN_CPUS 0x5u

static uint32_t target_of(uint32_t intid)
{
    return mmio_read32(GICD + ITARGETSR + intid - intid % 4) >> intid % 4 * 8 & 0xff;
}

static uint8_t priority_of(uint32_t intid)
{
    return (uint8_t)(mmio_read32(gic_frame(intid) + IPRIORITYR + intid - intid % 4) >>
                     intid % 4 * 8);
}

/* As the hardware left them at power-on; the runtime has set up only what it uses. */
static void test_pristine(void)
{
    check_equal("no priority is active", gic_running(), 0xff);
    check_equal("SPIs are disabled", mmio_read32(GICD + ISENABLER + 4), 1u << 0);
    check_equal("none is pending", mmio_read32(GICD + ISPENDR + 4), 0);
    check_equal("none is active", mmio_read32(GICD + ISACTIVER + 4), 0);
    check_equal("nor an SGI or PPI", mmio_read32(gic_frame(0) + ISACTIVER), 0);
    check_equal("priority of an SPI", priority_of(RTC_INTID), 0);
    if (gic_is_v3()) {
        check_equal("nor of the other CPU",
                    mmio_read32(GICR + GICR_STRIDE + GICR_SGI_FRAME + ISPENDR), 0);
        check_equal("its route", mmio_read64(GICD + IROUTER + 8 * RTC_INTID), 0);
    } else {
        check_equal("its target: the first CPU", target_of(RTC_INTID), target_of(0));
    }
}

static void test_groups(void)
{
    check_equal("four bits of priority", SYSREG_READ(icc_ctlr_el1) >> 8 & 7, 3);
    check_equal("one security state", mmio_read32(GICD + GICD_CTLR) & 0x50, 0x50);
    check("all are in group 1", gic_bit(IGROUPR, RTC_INTID) && gic_bit(IGROUPR, TIMER_INTID));
    gic_group(RTC_INTID, 0);
    check("and stay there", gic_bit(IGROUPR, RTC_INTID));
    check_equal("no LPIs", mmio_read64(GICR + GICR_TYPER) & 1, 0);
}

/* As non-secure software finds it. */
static void test_groups_v2(void)
{
    gic_group(RTC_INTID, 1);
    check_equal("groups are not there", mmio_read32(GICD + IGROUPR + 4), 0);
    mmio_write32(GICD + GICD_CTLR, 3);
    check_equal("but one enable", mmio_read32(GICD + GICD_CTLR), 1);
    gic_route(33, 1);
    check_equal("the console's interrupt has no target", target_of(33), 0);
    mmio_write8(GICD + ITARGETSR + RTC_INTID, 0xff);
    check_equal("CPUs of others are no targets", target_of(RTC_INTID), OWN_CPUS);
    mmio_write8(GICD + ITARGETSR + RTC_INTID, (uint8_t)target_of(0));
}

static void test_registers(void)
{
    if (gic_is_v3()) {
        test_groups();
    } else {
        test_groups_v2();
    }
    gic_priority(RTC_INTID, 0xff);
    check_equal("priorities are kept", priority_of(RTC_INTID) & 0xf0u, 0xf0);
    gic_priority(RTC_INTID, 0);
    check_equal("the most urgent too", priority_of(RTC_INTID), 0);
    mmio_write32(GICD + ISENABLER + 4, UINT32_MAX);
    const uint32_t enabled = mmio_read32(GICD + ISENABLER + 4);
    check("the console's interrupt is not ours", (enabled & 2) == 0);
    check("the clock's is", (enabled & 4) != 0);
    mmio_write32(GICD + ICENABLER + 4, enabled & ~1u);
    mmio_write32(gic_frame(0) + ISENABLER, 1u << 26 | 1u << 25);
    check_equal("PPIs of the hypervisor are not ours",
                mmio_read32(gic_frame(0) + ISENABLER) & (1u << 26 | 1u << 25), 0);
}

static void test_timer(void)
{
    bool late = true;

    for (unsigned i = 0; i < 20; i++) {
        const uint64_t before = timer_now_ns();
        timer_sleep(1 * MS);
        const uint64_t took = timer_now_ns() - before;
        late = late && took >= 1 * MS && took < 2000 * MS;
    }
    check("20 sleeps of 1 ms", late);
}

static void alarm_came(uint32_t intid, void *arg)
{
    (void)intid;
    (void)arg;
    mmio_write32(RTC_ICR, 1);
    alarms++;
}

static bool has_alarm(void *arg)
{
    return alarms == *(const uint32_t *)arg;
}

/* A match value that is reached already raises the interrupt with the write. */
static void test_device(void)
{
    bool all = true;

    alarms = 0;
    irq_handler(RTC_INTID, alarm_came, NULL);
    irq_set_edge(RTC_INTID, false);
    irq_enable(RTC_INTID);
    mmio_write32(RTC_IMSC, 1);
    for (uint32_t i = 1; i <= 2; i++) {
        mmio_write32(RTC_MR, mmio_read32(RTC_DR) + 1);
        cpu_wait_until(has_alarm, &i);
        all = all && (mmio_read32(RTC_RIS) & 1) == 0;
    }
    check_equal("2 alarms of the clock", alarms, 2);
    check("each was ended", all && !gic_bit(ISACTIVER, RTC_INTID) && !gic_bit(ISPENDR, RTC_INTID));
    irq_disable(RTC_INTID);
    mmio_write32(RTC_IMSC, 0);
}

static void sgi_came(uint32_t intid, void *arg)
{
    (void)arg;
    came[cpu_index()] |= 1u << intid;
}

/* From here on this CPU gets SGIs: earlier ones are lost (docs/design.md). */
static void serve(void *arg)
{
    (void)arg;
    up = 1;
    while (came[1] != SGI_ALL) {
        cpu_wait();
    }
}

static bool comes_to(_Atomic uint32_t *value, uint32_t wanted)
{
    const uint64_t end = timer_now_ns() + 30000 * MS;

    while (*value != wanted && timer_now_ns() < end) {
        cpu_relax();
    }
    return *value == wanted;
}

static void test_sgis(void)
{
    came[0] = 0;
    came[1] = 0;
    for (uint32_t sgi = 0; sgi < 16; sgi++) {
        irq_handler(sgi, sgi_came, NULL);
        irq_send(0, sgi);
    }
    check("all 16 SGIs to the own CPU", comes_to(&came[0], SGI_ALL));
    check("the other CPU starts", cpu_start(1, serve, NULL) && comes_to(&up, 1));
    for (uint32_t sgi = 0; sgi < 16; sgi++) {
        irq_send(1, sgi);
    }
    check("all 16 SGIs to the other", comes_to(&came[1], SGI_ALL));
    came[0] = 0;
    gic_send_others(5);
    if (gic_is_v3()) {
        gic_send_list(6, 0xfffe);                           /* no CPU of this VM */
        SYSREG_WRITE(icc_sgi0r_el1, UINT64_C(7) << 24 | 1); /* none is in group 0 */
        ISB();
    } else {
        gic_send_list(6, 0xffu & ~OWN_CPUS); /* physical interfaces of others */
    }
    timer_sleep(1 * MS);
    check_equal("none went astray", came[0], 0);
}

/* With PSTATE.I set throughout: what the priorities let through shows in ISR_EL1. */
static void test_priorities(void)
{
    const uint64_t state = irq_mask();

    gic_priority(1, 0x40);
    gic_priority(2, 0x30);
    gic_mask(0x40);
    check_equal("the mask is kept", gic_mask_read(), 0x40);
    irq_send(0, 1);
    check("the mask holds back its own priority", !irq_waits());
    gic_mask(0x40 + PRIORITY_STEP);
    check("a wider one lets it through", irq_waits());
    gic_mask(0);
    gic_priority(2, 0);
    irq_send(0, 2);
    check("a mask of 0 lets none through", !irq_waits());
    gic_mask(PRIORITY_STEP);
    check_equal("the next the most urgent", gic_acknowledge(), 2);
    check_equal("at its priority", gic_running(), 0);
    gic_end(2);
    gic_priority(2, 0x30);
    gic_mask(0xff);
    check_equal("then the other", gic_acknowledge(), 1);
    check_equal("at its", gic_running(), 0x40);
    irq_send(0, 2);
    check("a more urgent one preempts", irq_waits());
    check_equal("and is acknowledged", gic_acknowledge(), 2);
    gic_end(2);
    gic_end(1);
    check_equal("all ended", gic_running(), 0xff);

    gic_interface(true, true);
    irq_send(0, 1);
    check_equal("EOImode 1: acknowledged", gic_acknowledge(), 1);
    gic_end(1);
    check("priority dropped, still active", gic_running() == 0xff && gic_bit(ISACTIVER, 1));
    gic_deactivate(1);
    gic_deactivate(33); /* the console's: not ours */
    check("DIR deactivates", !gic_bit(ISACTIVER, 1));
    gic_interface(true, false);
    gic_priority(1, 0xa0);
    gic_priority(2, 0xa0);
    irq_restore(state);
}

/* In a handler that never ends, everything masked. */
static void hang(void *arg)
{
    (void)arg;
    irq_mask();
    gic_priority(3, 0);
    irq_send(1, 3);
    gic_mask(0xff);
    while (gic_acknowledge() != 3) {
    }
    gic_mask(0);
    messy = 1;
    for (;;) { /* a GICv2 guest that never exits can't be stopped */
        if (!gic_is_v3()) {
            (void)mmio_read32(GICD + GICD_CTLR);
        }
    }
}

static _Noreturn void make_a_mess(void)
{
    (void)comes_to(&messy, cpu_start(1, hang, NULL) ? 1 : 0);
    irq_mask();
    irq_send(0, 4);
    check_equal("acknowledged and never ended", gic_acknowledge(), 4);
    irq_send(0, 5);
    gic_interface(true, true);
    if (gic_is_v3()) {
        SYSREG_WRITE(icc_bpr1_el1, 7);
    } else {
        mmio_write32(GICC + GICC_BPR, 7);
    }
    gic_bit_write(ISENABLER, RTC_INTID);
    gic_bit_write(ISACTIVER, RTC_INTID);
    gic_bit_write(ISPENDR, RTC_INTID);
    gic_priority(RTC_INTID, 0x70);
    if (gic_is_v3()) {
        gic_route(RTC_INTID, 1);
        mmio_write32(GICR + GICR_STRIDE + GICR_SGI_FRAME + ISPENDR, 0xff00);
    } else {
        mmio_write8(GICD + ITARGETSR + RTC_INTID, OWN_CPUS & ~(uint8_t)target_of(0));
        mmio_write32(GICD + SPENDSGIR + 8, UINT32_MAX);
    }
    gic_mask(0);
    vm_reset();
}

int main(void)
{
    const uint32_t run = mmio_read32(RUNS) + 1;

    mmio_write32(RUNS, run);
    printf("run %u\n", (unsigned)run);
    test_pristine();
    test_registers();
    test_timer();
    test_device();
    test_sgis();
    test_priorities();
    test_timer();
    const int failed = check_end();
    if (run == 1) {
        printf("a mess is made\n");
        fflush(stdout);
        make_a_mess();
    }
    return failed;
}
