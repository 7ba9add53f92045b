/* SPDX-License-Identifier: Apache-2.0 */

/* Rings nobody; sees what the writer's reset leaves. */

#include <bulkhead/channel.h>
#include <bulkhead/cpu.h>
#include <bulkhead/timer.h>

#include "../../check.h"
#include "../shared.h"

#define MILLISECOND UINT64_C(1000000)

struct checks checks;

static volatile uint32_t strays; /* peers that rang and may not */

static void rung(const struct channel *channel, uint32_t from, void *arg)
{
    struct many *many = arg;

    (void)channel;
    many->heard += from >> PAIR & 1u;
    strays |= from & ~(1u << PAIR);
}

/* Rings may coalesce: the last one is what counts. */
static bool has_last(void *arg)
{
    const struct many *many = arg;
    return many->sent == RINGS && many->heard != 0;
}

static bool has_any(void *arg)
{
    const struct many *many = arg;
    return many->heard != 0;
}

int main(void)
{
    const struct channel *channel = channel_open("many");
    const volatile uint32_t *lost = channel_open("lost")->window;
    const volatile uint32_t *silent = channel_open("silent")->window;
    struct many *many = channel->window;

    check("writes, and rings nobody", channel->writable && channel->peers == 0);
    channel_ring(channel, ALL);
    while (many->run < 1) {
        timer_sleep(MILLISECOND);
    }
    check("words of the first run",
          lost[0] == 0x105e && lost[LOST_WORDS - 1] == 0x105e && silent[0] == 0x51);
    channel_on_ring(channel, rung, many);
    cpu_wait_until(has_any, many);
    check("the pair is ready", true);
    many->heard = 0;
    many->may_go = 1;
    while (many->run < 2) {
        timer_sleep(MILLISECOND);
    }
    check("the kept channel outlived the writer", many->may_go == 1);
    check("the other one did not", lost[0] == 0 && lost[LOST_WORDS - 1] == 0 && silent[0] == 0);
    cpu_wait_until(has_last, many);
    check("rings that the pair passed on", true);
    check_equal("nobody else rang", strays, 0);
    many->finished = 1;
    return check_end();
}
