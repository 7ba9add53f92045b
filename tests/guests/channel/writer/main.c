/* SPDX-License-Identifier: Apache-2.0 */

/* Sends numbers through one channel, and gets each back through another. */

#include <bulkhead/channel.h>
#include <bulkhead/cpu.h>
#include <bulkhead/timer.h>

#include "../../check.h"
#include "../shared.h"

struct checks checks;

static void rung(const struct channel *channel, uint32_t from, void *arg)
{
    (void)channel;
    (void)from;
    *(volatile unsigned *)arg += 1;
}

static bool has_answer(void *arg)
{
    struct message *const *messages = arg;
    return messages[1]->number == messages[0]->number;
}

int main(void)
{
    const struct channel *out = channel_open("to-reader");
    const struct channel *in = channel_open("to-writer");
    volatile unsigned rings = 0;
    bool intact = true;

    check("both channels are there", out != NULL && in != NULL);
    check("a channel that does not exist is not", channel_open("nowhere") == NULL);
    check("what is ours to write", out->writable && !in->writable);
    check_equal("size", out->size, 8192);
    check("first peer, may ring the second", out->self == 0 && out->peers == 2);
    struct message *messages[] = { out->window, in->window };
    check_equal("the memory is zero at first", messages[0]->copies[0], 0);

    channel_on_ring(in, rung, (void *)(uintptr_t)&rings);
    for (uint32_t round = 1; round <= ROUNDS; round++) {
        for (unsigned i = 0; i < 63; i++) {
            messages[0]->copies[i] = round;
        }
        messages[0]->number = round;
        channel_ring(out, out->peers);
        cpu_wait_until(has_answer, messages);
        for (unsigned i = 0; i < 63; i++) {
            intact = intact && messages[1]->copies[i] == round;
        }
    }
    check("100 messages there and back", intact);
    check("each came with a ring", rings >= ROUNDS - 1 && rings <= ROUNDS);
    check_equal("the reader's own write did not get here", messages[0]->copies[0], ROUNDS);

    rings = 0;
    channel_ring(out, 0xfffffffd); /* everybody but the reader */
    timer_sleep(20000000);
    check_equal("ringing nobody rings nobody", rings, 0);
    return check_end();
}
