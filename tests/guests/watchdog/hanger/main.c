/* SPDX-License-Identifier: Apache-2.0 */

/* Hangs, in each run in another way. */

#include <bulkhead/channel.h>
#include <bulkhead/cpu.h>
#include <bulkhead/irq.h>
#include <bulkhead/timer.h>
#include <bulkhead/vm.h>
#include <bulkhead/watchdog.h>
#include <stdatomic.h>
#include <stdio.h>

#define PSCI_CPU_OFF 0x84000002u

static _Noreturn void spin(void)
{
    (void)irq_mask();
    for (;;) {
        __asm__ volatile("" ::: "memory");
    }
}

static void spin_alone(void *arg)
{
    (void)arg;
    spin();
}

static void tick(void *arg)
{
    timer_after(1000000, tick, arg);
}

static void hang(unsigned run)
{
    switch (run) {
    case 1:
        printf("run 1: spinning with interrupts masked\n");
        fflush(stdout);
        spin();
    case 2:
        printf("run 2: asleep with interrupts masked\n");
        fflush(stdout);
        (void)irq_mask();
        for (;;) {
            cpu_wait();
        }
    case 3:
        printf("run 3: the second CPU alone, spinning\n");
        fflush(stdout);
        (void)cpu_start(1, spin_alone, NULL);
        (void)irq_mask();
        (void)vm_hvc(PSCI_CPU_OFF, 0, 0, 0);
        break;
    case 4:
        printf("run 4: serving interrupts only\n");
        fflush(stdout);
        tick(NULL);
        for (;;) {
            cpu_wait();
        }
    default: /* a refresh, and then one that would have come too late */
        printf("run 5: late by one refresh\n");
        fflush(stdout);
        watchdog_refresh();
        timer_sleep(800000000);
        watchdog_refresh();
        break;
    }
    printf("FAIL: still here\n");
}

int main(void)
{
    _Atomic uint32_t *runs = channel_open("runs")->window;
    const unsigned run = ++*runs;

    printf("%s: the run before was %slate\n", watchdog_was_late() == (run > 1) ? "PASS" : "FAIL",
           watchdog_was_late() ? "" : "not ");
    watchdog_refresh();
    if (run < 6) {
        hang(run);
    }
    printf("run 6: all is well\n");
    for (unsigned n = 0; n < 20; n++) {
        watchdog_refresh();
        timer_sleep(10000000);
    }
    return 0;
}
