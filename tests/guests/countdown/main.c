/* SPDX-License-Identifier: Apache-2.0 */

/* The countdown device: time, interrupt, two of them at once, and pristine after a restart, which a
 * page of reserved memory counts. */

#include <bulkhead/cpu.h>
#include <bulkhead/irq.h>
#include <bulkhead/mmio.h>
#include <bulkhead/timer.h>
#include <bulkhead/vm.h>

#include "../check.h"

#define STARTS UINT64_C(0xb0000000)
#define SLOW UINT64_C(0x0a000000) /* 1 kHz, with an interrupt */
#define FAST UINT64_C(0x0a001000) /* 1 MHz, without */
#define ID 0x00
#define LOAD 0x04
#define VALUE 0x08
#define STATUS 0x0c
#define SCRATCH 0x10
#define MS UINT64_C(1000000)

struct checks checks;

static volatile unsigned zeros;

static void zero_reached(uint32_t intid, void *arg)
{
    (void)intid;
    (void)arg;
    zeros++;
}

static bool any_zero(void *arg)
{
    return zeros != *(unsigned *)arg;
}

static void wait_for_zero(void)
{
    unsigned before = zeros;

    cpu_wait_until(any_zero, &before);
}

static void check_pristine(void)
{
    check_equal("identification", mmio_read32(SLOW + ID), 0x434e5444);
    check("registers are zero", (mmio_read32(SLOW + LOAD) | mmio_read32(SLOW + VALUE) |
                                 mmio_read32(SLOW + STATUS) | mmio_read32(SLOW + SCRATCH)) == 0);
}

static void check_interrupt(void)
{
    const uint64_t before = timer_now_ns();

    mmio_write32(SLOW + LOAD, 20);
    check("it counts", mmio_read32(SLOW + VALUE) > 0 && mmio_read32(SLOW + VALUE) <= 20);
    wait_for_zero();
    check("not before its time", timer_now_ns() - before >= 20 * MS);
    check_equal("it reached zero", mmio_read32(SLOW + STATUS), 1);
    check_equal("and stays there", mmio_read32(SLOW + VALUE), 0);
    mmio_write32(SLOW + STATUS, 1);
    check_equal("the status is cleared by a one", mmio_read32(SLOW + STATUS), 0);
}

static void check_two_at_once(void)
{
    const unsigned before = zeros;

    mmio_write32(SLOW + LOAD, 30);
    mmio_write32(FAST + LOAD, 5000);
    timer_sleep(10 * MS);
    check("the other is faster", mmio_read32(FAST + STATUS) == 1 && zeros == before);
    wait_for_zero();
    check("each its own time", mmio_read32(SLOW + STATUS) == 1 && zeros == before + 1);
}

static void check_stop(void)
{
    const unsigned before = zeros;

    mmio_write32(SLOW + STATUS, 1);
    mmio_write32(SLOW + LOAD, 2);
    mmio_write32(SLOW + LOAD, 0);
    timer_sleep(5 * MS);
    check("stopped, it reaches nothing", zeros == before && mmio_read32(SLOW + STATUS) == 0);
}

/* It goes off before the countdown that it started ends: its CPU tells all the same. */
static void start_elsewhere(void *arg)
{
    (void)arg;
    mmio_write32(SLOW + LOAD, 10);
}

int main(void)
{
    const uint32_t start = mmio_read32(STARTS) + 1;

    mmio_write32(STARTS, start);
    printf("start %u\n", (unsigned)start);
    irq_handler(IRQ_SPI(40), zero_reached, NULL);
    irq_set_edge(IRQ_SPI(40), true);
    irq_enable(IRQ_SPI(40));
    check_pristine();
    if (start == 1) {
        mmio_write32(SLOW + SCRATCH, 0x12345678);
        check_equal("scratch", mmio_read32(SLOW + SCRATCH), 0x12345678);
        mmio_write32(SLOW + LOAD, 40); /* still running when the VM starts again */
        fflush(stdout);
        vm_reset();
    }
    timer_sleep(50 * MS);
    check("what the last run started is gone", zeros == 0 && mmio_read32(SLOW + STATUS) == 0);
    check_interrupt();
    check_two_at_once();
    check_stop();
    check("the other CPU starts", cpu_start(1, start_elsewhere, NULL));
    wait_for_zero();
    check("started on a CPU that went off", mmio_read32(SLOW + STATUS) == 1);
    return check_end();
}
