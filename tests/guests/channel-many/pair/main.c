/* SPDX-License-Identifier: Apache-2.0 */

/* Takes its doorbell at its second vCPU, and passes each ring on. */

#include <bulkhead/channel.h>
#include <bulkhead/cpu.h>
#include <bulkhead/irq.h>
#include <bulkhead/timer.h>

#include "../../check.h"
#include "../../gic.h"
#include "../shared.h"

#define DOORBELL IRQ_SPI(40)

struct checks checks;

static volatile unsigned rings[2]; /* by vCPU */
static volatile uint32_t strays;   /* peers that rang and may not */
static _Atomic bool serving;

static void rung(const struct channel *channel, uint32_t from, void *arg)
{
    (void)arg;
    strays |= from & ~(1u << WRITER);
    if ((from & 1u << WRITER) != 0) {
        rings[cpu_index()]++;
        channel_ring(channel, ALL);
    }
}

static void serve(void *arg)
{
    (void)arg;
    serving = true;
    for (;;) {
        cpu_wait();
    }
}

int main(void)
{
    const struct channel *channel = channel_open("many");
    const struct many *many = channel->window;

    check("where the deployment says", (uintptr_t)channel->window == 0x60000000);
    check("reads, and rings both others",
          !channel->writable && channel->peers == (1u << WRITER | 1u << SINGLE));
    check("the second vCPU starts", cpu_start(1, serve, NULL));
    while (!serving) {
        cpu_relax();
    }
    channel_on_ring(channel, rung, NULL);
    gic_route(DOORBELL, 1);
    channel_ring(channel, 1u << SINGLE); /* ready */
    while (many->sent < RINGS || rings[1] < RINGS) {
        timer_sleep(1000000);
    }
    timer_sleep(20000000);
    check("its second vCPU took every ring", rings[0] == 0 && rings[1] == RINGS);
    check_equal("nobody else rang", strays, 0);
    return check_end();
}
