/* SPDX-License-Identifier: Apache-2.0 */

/* Owns a real-time clock (PL031) of the board, and sleeps until its alarm comes, some times.  Boot
 * arguments: the clock's address and its SPI. */

#include <bulkhead/cpu.h>
#include <bulkhead/irq.h>
#include <bulkhead/mmio.h>
#include <bulkhead/vm.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>

#define ALARMS 3u

/* PrimeCell RTC (PL031), DDI 0224: registers. */
#define RTC_DR 0x00u   /* seconds now */
#define RTC_MR 0x04u   /* seconds of the alarm */
#define RTC_IMSC 0x10u /* 1: the alarm interrupts */
#define RTC_ICR 0x1cu  /* 1: takes it back */

static uint64_t rtc;
static _Atomic unsigned alarms;

static void on_alarm(uint32_t intid, void *arg)
{
    (void)intid;
    (void)arg;
    mmio_write32(rtc + RTC_ICR, 1);
    alarms++;
}

static bool came(void *arg)
{
    return alarms == *(const unsigned *)arg;
}

int main(void)
{
    unsigned spi;

    if (sscanf(vm_bootargs(), "%" SCNx64 " %u", &rtc, &spi) != 2) {
        printf("FAIL: boot arguments \"%s\": expected the clock's address and SPI\n",
               vm_bootargs());
        return 1;
    }
    irq_handler(IRQ_SPI(spi), on_alarm, NULL);
    irq_enable(IRQ_SPI(spi));
    mmio_write32(rtc + RTC_ICR, 1);
    mmio_write32(rtc + RTC_IMSC, 1);
    for (unsigned count = 1; count <= ALARMS; count++) {
        const uint32_t due = mmio_read32(rtc + RTC_DR) + 1;

        mmio_write32(rtc + RTC_MR, due);
        cpu_wait_until(came, &count);
        const uint32_t now = mmio_read32(rtc + RTC_DR);
        printf("alarm %u: %" PRIu32 " s late\n", count, now - due);
    }
    mmio_write32(rtc + RTC_IMSC, 0);
    printf("%u alarms\n", ALARMS);
    return 0;
}
