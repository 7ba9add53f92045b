/* SPDX-License-Identifier: Apache-2.0 */

/* Does something else in each run. */

#include <bulkhead/channel.h>
#include <bulkhead/cpu.h>
#include <bulkhead/irq.h>
#include <bulkhead/timer.h>
#include <bulkhead/vm.h>

#include "../state.h"

#define PSCI_CPU_OFF 0x84000002u

static struct state *state;

static void count(void *arg)
{
    (void)arg;
    for (;;) {
        state->counts[cpu_index()]++;
        cpu_relax();
    }
}

int main(void)
{
    state = channel_open("state")->window;
    const uint32_t run = state->run + 1;

    switch (run) {
    case 1: /* the first vCPU off, the other counts */
        (void)cpu_start(1, count, NULL);
        state->run = run;
        (void)irq_mask();
        (void)vm_hvc(PSCI_CPU_OFF, 0, 0, 0);
        break;
    case 2:
    case 3:
        (void)cpu_start(1, count, NULL);
        state->run = run;
        timer_sleep(5000000);
        break;
    case 4: /* both count */
        (void)cpu_start(1, count, NULL);
        state->run = run;
        count(NULL);
        break;
    default:
        state->run = run;
        return 0;
    }
    vm_crash();
}
