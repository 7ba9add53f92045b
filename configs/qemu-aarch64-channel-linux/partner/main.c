/* SPDX-License-Identifier: Apache-2.0 */

/* Answers each message of Linux with the same words, louder. */

#include <bulkhead/channel.h>
#include <bulkhead/cpu.h>
#include <ctype.h>
#include <stdio.h>

#include "../mailbox.h"

#define MESSAGES 8u

static volatile uint32_t answered;

/* In interrupt context. */
static void rung(const struct channel *channel, uint32_t from, void *arg)
{
    const struct mailbox *in = (void *)((char *)channel->window + MAILBOX_TO_PARTNER);
    struct mailbox *out = (void *)((char *)channel->window + MAILBOX_TO_LINUX);
    char text[4 * MAILBOX_WORDS];
    const uint32_t number = answered + 1;
    const int size = mailbox_get(in, number, text);

    (void)from;
    (void)arg;
    if (size < 0) {
        return;
    }
    for (int i = 0; i < size; i++) {
        text[i] = (char)toupper((unsigned char)text[i]);
    }
    mailbox_put(out, number, text, (uint32_t)size);
    channel_ring(channel, channel->peers);
    answered = number;
}

static bool is_done(void *arg)
{
    (void)arg;
    return answered == MESSAGES;
}

int main(void)
{
    const struct channel *channel = channel_open("mailbox");

    printf("waiting for messages\n");
    channel_on_ring(channel, rung, NULL);
    cpu_wait_until(is_done, NULL);
    printf("%u messages answered\n", (unsigned)answered);
    return 0;
}
