/* SPDX-License-Identifier: Apache-2.0 */

/* Answers the victim's heart beats; the attacker may ring it, which must not keep it from that. */

#include <bulkhead/channel.h>
#include <bulkhead/cpu.h>
#include <bulkhead/timer.h>

#include "../../check.h"
#include "../attacks.h"

struct checks checks;

static volatile uint32_t bells;
static volatile uint32_t strangers;
static uint64_t wrong;

static void bell_rang(const struct channel *channel, uint32_t from, void *arg)
{
    (void)channel;
    (void)arg;
    bells++;
    strangers += from != 1; /* the attacker is peer 0 */
}

static void answer(const struct channel *channel, uint32_t from, void *arg)
{
    struct heart *heart = channel->window;
    static uint64_t last;

    (void)arg;
    strangers += from != 1; /* the victim is peer 0 */
    if (heart->beat != last && heart->beat != last + 1) {
        wrong++;
    }
    last = heart->beat;
    heart->answer = last;
    channel_ring(channel, 1);
}

int main(void)
{
    const struct channel *bell = channel_open("bell");
    const struct channel *channel = channel_open("heart");
    const struct heart *heart = channel->window;

    channel_on_ring(bell, bell_rang, NULL);
    channel_on_ring(channel, answer, NULL);
    while (!heart->over) {
        timer_sleep(UINT64_C(1000000));
    }
    check_equal("beats that came out of turn", wrong, 0);
    check_equal("rings by who may not", strangers, 0);
    check("the attacker's permitted rings came", bells > 0);
    return check_end();
}
