/* SPDX-License-Identifier: Apache-2.0 */

/* Resets itself in every way, and finds itself pristine each time.  A page of reserved memory, that
 * outlives restarts, counts the starts. */

#include <bulkhead/cpu.h>
#include <bulkhead/mmio.h>
#include <bulkhead/timer.h>
#include <bulkhead/vm.h>

#include "../check.h"
#include "../gic.h"
#include "../psci.h"
#include "image.h" /* the runtime's: __ram_end */

#define COUNTER UINT64_C(0xb0000000)
#define INITIAL 42
#define SPI 50u

struct checks checks;

static volatile int initialised = INITIAL;
static volatile int zeroed;

static void check_pristine(void)
{
    volatile uint64_t *far = (volatile uint64_t *)(void *)(__ram_end - 64);

    check_equal("initialised data", (uint64_t)initialised, INITIAL);
    check_equal("zeroed data", (uint64_t)zeroed, 0);
    check_equal("memory far from the image", *far, 0);
    check("interrupts", !gic_bit(ISENABLER, SPI) && !gic_bit(ISPENDR, SPI));
    check("the other CPU is off", vm_hvc(PSCI_AFFINITY_INFO, 1, 0, 0) == PSCI_IS_OFF);
    initialised = 1;
    zeroed = 1;
    *far = UINT64_MAX;
    gic_bit_write(ISENABLER, SPI);
    gic_bit_write(ISPENDR, SPI);
}

static void reset_here(void *arg)
{
    (void)arg;
    vm_reset();
}

static void keep_busy(void *arg)
{
    (void)arg;
    for (;;) {
        cpu_relax();
    }
}

int main(void)
{
    const uint32_t start = mmio_read32(COUNTER) + 1;

    mmio_write32(COUNTER, start);
    printf("start %u\n", (unsigned)start);
    check_pristine();
    (void)check_end();
    fflush(stdout);
    switch (start) {
    case 1:
        vm_reset();
    case 2: /* by SMC, while another CPU runs */
        (void)cpu_start(1, keep_busy, NULL);
        timer_sleep(10000000);
        (void)vm_smc(PSCI_SYSTEM_RESET2, 0, 0, 0);
        break;
    case 3: /* from the other CPU */
        (void)cpu_start(1, reset_here, NULL);
        for (;;) {
            cpu_wait();
        }
    default:
        break;
    }
    printf("off after %u starts\n", (unsigned)start);
    return 0;
}
