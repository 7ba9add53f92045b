/* SPDX-License-Identifier: Apache-2.0 */
#include "bulkhead/timer.h"

#include <stdbool.h>
#include <stddef.h>

#include "bulkhead/cpu.h"
#include "bulkhead/irq.h"
#include "bulkhead/sysreg.h"
#include "machine.h"
#include "timer.h"

#define NS_PER_S UINT64_C(1000000000)
#define NEVER UINT64_MAX
/* CNTV_CTL_EL0, DDI 0487 D17.11.17 */
#define CNTV_CTL_ENABLE 1u

static struct {
    uint64_t deadline; /* ticks at which the handler is due */
    uint64_t wake;     /* ticks at which timer_sleep() ends */
    void (*handler)(void *arg);
    void *arg;
} timers[CPU_MAX];

static uint64_t now(void)
{
    ISB(); /* the counter is not read ahead of what comes before */
    return SYSREG_READ(cntvct_el0);
}

static uint64_t to_ticks(uint64_t ns)
{
    const uint64_t hz = SYSREG_READ(cntfrq_el0);
    return ns / NS_PER_S * hz + ns % NS_PER_S * hz / NS_PER_S;
}

/* Own CPU, interrupts masked: the compare value at what comes first.  Off, it is left alone: QEMU
 * 7.2 takes a compare value that wraps around with the VM's offset for one in the past. */
static void program(void)
{
    const unsigned cpu = cpu_index();
    const uint64_t deadline = timers[cpu].deadline;
    const uint64_t wake = timers[cpu].wake;
    const uint64_t first = deadline < wake ? deadline : wake;

    if (first == NEVER) {
        SYSREG_WRITE(cntv_ctl_el0, 0);
    } else {
        SYSREG_WRITE(cntv_cval_el0, first);
        SYSREG_WRITE(cntv_ctl_el0, CNTV_CTL_ENABLE);
    }
    ISB();
}

static void timer_interrupt(uint32_t intid, void *arg)
{
    (void)intid;
    (void)arg;
    const unsigned cpu = cpu_index();

    if (now() >= timers[cpu].deadline) {
        timers[cpu].deadline = NEVER;
        timers[cpu].handler(timers[cpu].arg);
    }
    if (now() >= timers[cpu].wake) {
        timers[cpu].wake = NEVER;
    }
    program();
}

void timer_cpu_init(void)
{
    timers[cpu_index()].deadline = NEVER;
    timers[cpu_index()].wake = NEVER;
    program();
    irq_handler(machine.timer_intid, timer_interrupt, NULL);
    irq_enable(machine.timer_intid);
}

uint64_t timer_now_ns(void)
{
    const uint64_t hz = SYSREG_READ(cntfrq_el0);
    const uint64_t ticks = now();
    return ticks / hz * NS_PER_S + ticks % hz * NS_PER_S / hz;
}

void timer_after(uint64_t delay_ns, void (*handler)(void *arg), void *arg)
{
    const uint64_t state = irq_mask();
    const unsigned cpu = cpu_index();

    timers[cpu].handler = handler;
    timers[cpu].arg = arg;
    timers[cpu].deadline = now() + to_ticks(delay_ns);
    program();
    irq_restore(state);
}

void timer_cancel(void)
{
    const uint64_t state = irq_mask();
    timers[cpu_index()].deadline = NEVER;
    program();
    irq_restore(state);
}

static bool slept(void *arg)
{
    const uint64_t *wake = arg;
    return now() >= *wake;
}

void timer_sleep(uint64_t delay_ns)
{
    uint64_t wake = now() + to_ticks(delay_ns);
    const uint64_t state = irq_mask();

    timers[cpu_index()].wake = wake;
    program();
    irq_restore(state);
    cpu_wait_until(slept, &wake);
}
