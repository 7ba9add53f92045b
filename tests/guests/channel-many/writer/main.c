/* SPDX-License-Identifier: Apache-2.0 */

/* Writes words, resets, and then rings. */

#include <bulkhead/channel.h>
#include <bulkhead/timer.h>
#include <bulkhead/vm.h>

#include "../../check.h"
#include "../shared.h"

#define MILLISECOND UINT64_C(1000000)

struct checks checks;

static volatile unsigned answers;
static volatile uint32_t strays; /* peers that rang and may not */

static void rung(const struct channel *channel, uint32_t from, void *arg)
{
    (void)channel;
    (void)arg;
    answers += from >> PAIR & 1u;
    strays |= from & ~(1u << PAIR);
}

static void first_run(struct many *many, uint32_t *lost, uint32_t *silent)
{
    lost[0] = 0x105e;
    lost[LOST_WORDS - 1] = 0x105e;
    silent[0] = 0x51;
    many->run = 1;
    while (!many->may_go) {
        timer_sleep(MILLISECOND);
    }
    vm_reset();
}

int main(void)
{
    const struct channel *channel = channel_open("many");
    const struct channel *silent = channel_open("silent");
    struct many *many = channel->window;
    uint32_t *lost = channel_open("lost")->window;

    printf("run %u\n", (unsigned)many->run + 1);
    fflush(stdout);
    if (many->run == 0) {
        first_run(many, lost, silent->window);
    }
    check_equal("two pages", channel->size, 8192);
    check("may ring the pair alone", channel->self == WRITER && channel->peers == 1u << PAIR);
    check("no doorbell, no rings", !silent->doorbell && silent->peers == 0);
    check_equal("a channel begins with zeros again", lost[0] | lost[LOST_WORDS - 1], 0);
    channel_on_ring(channel, rung, NULL);
    many->run = 2;
    for (uint32_t n = 1; n <= RINGS; n++) {
        const unsigned seen = answers;
        many->sent = n;
        channel_ring(channel, ALL);
        while (answers == seen) {
            timer_sleep(MILLISECOND / 10);
        }
    }
    check("the pair answered", answers >= RINGS);
    check_equal("nobody else rang", strays, 0);
    while (!many->finished) {
        timer_sleep(MILLISECOND);
    }
    return check_end();
}
