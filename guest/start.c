/* SPDX-License-Identifier: Apache-2.0 */
#include "start.h"

#include <stdlib.h>

#include "bulkhead/irq.h"
#include "bulkhead/vm.h"
#include "channel.h"
#include "console.h"
#include "irq.h"
#include "machine.h"
#include "mmu.h"
#include "timer.h"

int main(void);

void start_first(const void *tree)
{
    if (!machine_read(tree)) {
        vm_crash(); /* not even a console to tell it on */
    }
    mmu_init();
    irq_init();
    irq_cpu_init();
    timer_cpu_init();
    console_init();
    channel_init();
    irq_restore(0);
    exit(main());
}
