/* SPDX-License-Identifier: Apache-2.0 */

/* Owns a triple timer counter and lets its first counter interrupt about ten times a second.  Boot
 * arguments: the timer's address and its first SPI. */

#include <bulkhead/cpu.h>
#include <bulkhead/irq.h>
#include <bulkhead/mmio.h>
#include <bulkhead/vm.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>

/* Cadence triple timer counter (Xilinx UG1087, module TTC): registers of the first counter. */
#define TTC_CLOCK_CONTROL 0x00u
#define TTC_COUNTER_CONTROL 0x0cu
#define TTC_INTERVAL 0x24u
#define TTC_INTERRUPT 0x54u /* reading it clears */
#define TTC_INTERRUPT_ENABLE 0x60u

#define CLOCK_PRESCALE_65536 0x1fu /* PS_EN, PS_V = 15 */
#define COUNTER_STOP 0x21u         /* DIS */
#define COUNTER_INTERVAL 0x22u
#define COUNTER_RESET (1u << 4)
#define INTERRUPT_INTERVAL 1u

#define COUNTS 153u /* 100 ms where LPD_LSBUS has 100 MHz, as the boot loader sets it */
#define TICKS 10u

static uint64_t ttc;
static _Atomic unsigned ticks;

static void on_tick(uint32_t intid, void *arg)
{
    (void)intid;
    (void)arg;
    if ((mmio_read32(ttc + TTC_INTERRUPT) & INTERRUPT_INTERVAL) != 0) {
        atomic_fetch_add(&ticks, 1);
    }
}

static bool has_ticked(void *arg)
{
    (void)arg;
    return atomic_load(&ticks) >= TICKS;
}

static void start(void)
{
    mmio_write32(ttc + TTC_COUNTER_CONTROL, COUNTER_STOP);
    mmio_write32(ttc + TTC_CLOCK_CONTROL, CLOCK_PRESCALE_65536);
    mmio_write32(ttc + TTC_INTERVAL, COUNTS);
    (void)mmio_read32(ttc + TTC_INTERRUPT);
    mmio_write32(ttc + TTC_INTERRUPT_ENABLE, INTERRUPT_INTERVAL);
    mmio_write32(ttc + TTC_COUNTER_CONTROL, COUNTER_INTERVAL | COUNTER_RESET);
}

int main(void)
{
    unsigned spi;

    if (sscanf(vm_bootargs(), "%" SCNx64 " %u", &ttc, &spi) != 2) {
        printf("FAIL: boot arguments \"%s\": expected the timer's address and SPI\n",
               vm_bootargs());
        return 1;
    }
    irq_handler(IRQ_SPI(spi), on_tick, NULL);
    irq_enable(IRQ_SPI(spi));
    start();
    cpu_wait_until(has_ticked, NULL);
    mmio_write32(ttc + TTC_COUNTER_CONTROL, COUNTER_STOP);
    printf("%u interrupts of the timer\n", TICKS);
    return 0;
}
