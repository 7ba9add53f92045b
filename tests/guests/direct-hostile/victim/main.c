/* SPDX-License-Identifier: Apache-2.0 */

/* Takes its interrupts itself, too: none is lost, none comes that is not its own, and its registers
 * stay as it wrote them. */

#include <bulkhead/channel.h>
#include <bulkhead/cpu.h>
#include <bulkhead/irq.h>
#include <bulkhead/timer.h>

#include "../../check.h"
#include "../../gic.h"
#include "../attacks.h"

#define RTC UINT64_C(0x09010000)
#define RTC_DR (RTC + 0x00)
#define RTC_MR (RTC + 0x04)
#define RTC_IMSC (RTC + 0x10)
#define RTC_ICR (RTC + 0x1c)
#define RTC_INTID 34u
#define MS UINT64_C(1000000)
#define WORDS 4u

struct checks checks;

static volatile uint32_t alarms;
static volatile uint32_t strays;

static void alarm_came(uint32_t intid, void *arg)
{
    (void)intid;
    (void)arg;
    mmio_write32(RTC_ICR, 1);
    alarms++;
    mmio_write32(RTC_MR, mmio_read32(RTC_DR) + 1);
}

static void stray(uint32_t intid, void *arg)
{
    (void)intid;
    (void)arg;
    strays++;
}

static void look(uint32_t registers[WORDS])
{
    registers[0] = mmio_read32(GICD + ISENABLER + 4);
    registers[1] = mmio_read32(GICD + IPRIORITYR + 32);
    registers[2] = (uint32_t)mmio_read64(GICD + IROUTER + 8 * RTC_INTID);
    registers[3] = mmio_read32(GICR + GICR_SGI_FRAME + ISENABLER);
}

int main(void)
{
    const struct attacks *attacks = channel_open("attacks")->window;
    uint32_t before[WORDS];
    uint32_t after[WORDS];
    bool late = false;
    bool same = true;

    for (uint32_t sgi = 0; sgi < 16; sgi++) {
        irq_handler(sgi, stray, NULL);
    }
    irq_handler(RTC_INTID, alarm_came, NULL);
    irq_set_edge(RTC_INTID, false);
    irq_enable(RTC_INTID);
    mmio_write32(RTC_IMSC, 1);
    mmio_write32(RTC_MR, mmio_read32(RTC_DR) + 1);
    look(before);
    while (attacks->ended != ATTACK_COUNT) {
        const uint64_t start = timer_now_ns();

        timer_sleep(1 * MS);
        late = late || timer_now_ns() - start > 2000 * MS;
        look(after);
        for (unsigned i = 0; i < WORDS; i++) {
            same = same && before[i] == after[i];
        }
    }
    check("its timer goes on", !late);
    check("its registers stay", same);
    const uint32_t seen = alarms;
    timer_sleep(2500 * MS);
    check("its device interrupts it", alarms >= seen + 2 && alarms <= seen + 4);
    check_equal("no SGI of another VM", strays, 0);
    return check_end();
}
