/* SPDX-License-Identifier: Apache-2.0 */

/* Returns every ball that ping serves, from the doorbell's interrupt. */

#include <bulkhead/channel.h>
#include <bulkhead/cpu.h>
#include <stdio.h>
#include <string.h>

#include "../table.h"

static volatile uint32_t returned;

static void rung(const struct channel *channel, uint32_t from, void *arg)
{
    struct table *table = channel->window;
    const uint32_t number = atomic_load_explicit(&table->ping.number, memory_order_acquire);

    (void)arg;
    if (number == returned || table->ping.checksum != ball_checksum(&table->ping)) {
        return;
    }
    memcpy(table->pong.text, table->ping.text, sizeof(table->pong.text));
    memcpy(table->pong.text, "pong", 4);
    table->pong.checksum = ball_checksum(&table->pong);
    atomic_store_explicit(&table->pong.number, number, memory_order_release);
    returned = number;
    channel_ring(channel, from);
}

static bool returned_more(void *arg)
{
    const uint32_t *told = arg;
    return returned > *told;
}

int main(void)
{
    const struct channel *channel = channel_open("table");
    if (channel == NULL) {
        printf("no channel named table\n");
        return 1;
    }
    printf("waiting for balls\n");
    channel_on_ring(channel, rung, NULL);

    for (uint32_t told = 0; told < BALLS;) {
        cpu_wait_until(returned_more, &told);
        printf("ball %u returned\n", (unsigned)++told);
    }
    return 0;
}
