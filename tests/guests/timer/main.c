/* SPDX-License-Identifier: Apache-2.0 */

/* The virtual (CNTV) and the physical (CNTP) timer: that they fire, in order, and not early. */

#include <bulkhead/cpu.h>
#include <bulkhead/irq.h>
#include <bulkhead/sysreg.h>
#include <bulkhead/timer.h>

#include "../check.h"

#define CNTP_INTID IRQ_PPI(14)
#define ENABLE 1u
#define MASKED 2u
#define FIRED 4u
#define MS UINT64_C(1000000)

struct checks checks;

static volatile unsigned physical_count;
static volatile unsigned virtual_count;
static volatile unsigned order; /* decimal digits: 1 physical, 2 virtual */
static volatile uint64_t physical_at;

static void physical_fired(uint32_t intid, void *arg)
{
    (void)intid;
    (void)arg;
    physical_at = SYSREG_READ(cntpct_el0);
    SYSREG_WRITE(cntp_ctl_el0, 0);
    ISB();
    physical_count++;
    order = order * 10 + 1;
}

static void virtual_fired(void *arg)
{
    (void)arg;
    virtual_count++;
    order = order * 10 + 2;
}

static bool both_fired(void *arg)
{
    (void)arg;
    return physical_count == 1 && virtual_count == 1;
}

static void start_physical(uint64_t delay_ns)
{
    const uint64_t ticks = delay_ns * SYSREG_READ(cntfrq_el0) / UINT64_C(1000000000);
    SYSREG_WRITE(cntp_tval_el0, ticks);
    SYSREG_WRITE(cntp_ctl_el0, ENABLE);
    ISB();
}

static void run_both(uint64_t physical_ns, uint64_t virtual_ns)
{
    physical_count = 0;
    virtual_count = 0;
    order = 0;
    const uint64_t state = irq_mask();
    start_physical(physical_ns);
    timer_after(virtual_ns, virtual_fired, NULL);
    irq_restore(state);
    cpu_wait_until(both_fired, NULL);
}

static void test_registers(void)
{
    check("frequency is told", SYSREG_READ(cntfrq_el0) != 0);
    const uint64_t first = SYSREG_READ(cntvct_el0);
    ISB();
    check("virtual counter goes on", SYSREG_READ(cntvct_el0) >= first);

    SYSREG_WRITE(cntp_cval_el0, 0x123456789a);
    check_equal("CNTP_CVAL is kept", SYSREG_READ(cntp_cval_el0), 0x123456789a);
    SYSREG_WRITE(cntp_tval_el0, 0x10000000);
    ISB();
    const uint64_t left = SYSREG_READ(cntp_tval_el0);
    check("CNTP_TVAL counts down", left <= 0x10000000 && left > 0x08000000);

    SYSREG_WRITE(cntp_ctl_el0, ENABLE | MASKED);
    SYSREG_WRITE(cntp_cval_el0, SYSREG_READ(cntpct_el0));
    ISB();
    check_equal("CNTP_CTL: reached, but masked", SYSREG_READ(cntp_ctl_el0),
                ENABLE | MASKED | FIRED);
    check("so it did not fire", physical_count == 0);
    SYSREG_WRITE(cntp_ctl_el0, 0);
    ISB();
}

static void test_counters_agree(void)
{
    const uint64_t before = SYSREG_READ(cntvct_el0);
    ISB();
    const uint64_t physical = SYSREG_READ(cntpct_el0);
    ISB();
    const uint64_t after = SYSREG_READ(cntvct_el0);

    check("physical and virtual counter agree", before <= physical && physical <= after);

    SYSREG_WRITE(cntp_cval_el0, UINT64_MAX);
    SYSREG_WRITE(cntp_ctl_el0, ENABLE | MASKED);
    ISB();
    check_equal("the last compare value is never reached", SYSREG_READ(cntp_ctl_el0),
                ENABLE | MASKED);
    SYSREG_WRITE(cntp_ctl_el0, 0);
    ISB();
}

static void test_mask(void)
{
    const uint64_t state = irq_mask();

    physical_count = 0;
    start_physical(1 * MS);
    while ((SYSREG_READ(cntp_ctl_el0) & FIRED) == 0) {
        cpu_relax();
    }
    check("reached while interrupts are masked: not taken", physical_count == 0);
    cpu_wait();
    check("WFI does not sleep then", physical_count == 0);
    irq_restore(state);
    ISB();
    check("taken once they are unmasked", physical_count == 1);
}

static void spoil_registers(void *arg)
{
    (void)arg;
    virtual_count++;
    __asm__ volatile("movi v0.16b, #0xff\n\tmovi v8.16b, #0xff\n\tmovi v31.16b, #0xff" ::
                         : "v0", "v8", "v31");
    if (virtual_count < 20) {
        timer_after(MS / 2, spoil_registers, NULL);
    }
}

static void test_floating_point(void)
{
    bool kept = true;

    virtual_count = 0;
    timer_after(MS / 2, spoil_registers, NULL);
    while (virtual_count < 20) {
        uint64_t low;
        uint64_t high;
        __asm__ volatile("movi v8.16b, #0x5a\n\tmov v31.16b, v8.16b\n\tmov x2, #2000\n"
                         "1:\tsubs x2, x2, #1\n\tb.ne 1b\n\t"
                         "and v8.16b, v8.16b, v31.16b\n\tumov %0, v8.d[0]\n\tumov %1, v8.d[1]"
                         : "=r"(low), "=r"(high)
                         :
                         : "x2", "v8", "v31", "cc");
        kept = kept && low == 0x5a5a5a5a5a5a5a5a && high == low;
    }
    check("interrupts keep all of the SIMD registers", kept);
}

int main(void)
{
    irq_handler(CNTP_INTID, physical_fired, NULL);
    irq_enable(CNTP_INTID);
    test_counters_agree();
    test_registers();

    const uint64_t start = SYSREG_READ(cntpct_el0);
    run_both(20 * MS, 60 * MS);
    check_equal("CNTP at 20 ms, then CNTV at 60 ms", order, 12);
    check("CNTP not early",
          physical_at - start >= 20 * MS * SYSREG_READ(cntfrq_el0) / UINT64_C(1000000000));
    run_both(60 * MS, 20 * MS);
    check_equal("CNTV at 20 ms, then CNTP at 60 ms", order, 21);

    test_mask();
    test_floating_point();

    bool late = true;
    for (unsigned i = 0; i < 50; i++) {
        const uint64_t before = timer_now_ns();
        timer_sleep(1 * MS);
        late = late && timer_now_ns() - before >= 1 * MS;
    }
    check("50 sleeps of 1 ms, none short", late);

    timer_after(0, virtual_fired, NULL);
    virtual_count = 0;
    timer_after(5 * MS, virtual_fired, NULL);
    timer_cancel();
    timer_sleep(10 * MS);
    check_equal("a cancelled timer does not fire", virtual_count, 0);
    return check_end();
}
