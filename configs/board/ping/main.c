/* SPDX-License-Identifier: Apache-2.0 */

/* Serves balls to pong, one at a time, and checks what comes back. */

#include <bulkhead/channel.h>
#include <bulkhead/cpu.h>
#include <bulkhead/timer.h>
#include <stdio.h>

#include "../table.h"

/* The doorbell's interrupt ends cpu_wait(); what there is to do stands in the window. */
static void rung(const struct channel *channel, uint32_t from, void *arg)
{
    (void)channel;
    (void)from;
    (void)arg;
}

static bool came_back(void *arg)
{
    const struct table *table = arg;
    return atomic_load_explicit(&table->pong.number, memory_order_acquire) ==
           atomic_load_explicit(&table->ping.number, memory_order_relaxed);
}

int main(void)
{
    const struct channel *channel = channel_open("table");
    if (channel == NULL) {
        printf("no channel named table\n");
        return 1;
    }
    struct table *table = channel->window;
    unsigned whole = 0;

    channel_on_ring(channel, rung, NULL);
    printf("serving %u balls of %zu bytes\n", BALLS, sizeof(table->ping.text));
    for (uint32_t number = 1; number <= BALLS; number++) {
        const uint64_t served = timer_now_ns();
        snprintf(table->ping.text, sizeof(table->ping.text), "ping's ball %u", (unsigned)number);
        table->ping.checksum = ball_checksum(&table->ping);
        atomic_store_explicit(&table->ping.number, number, memory_order_release);
        channel_ring(channel, channel->peers);

        cpu_wait_until(came_back, table);
        const int intact = table->pong.checksum == ball_checksum(&table->pong);
        whole += intact ? 1u : 0u;
        printf("ball %u came back %s: \"%s\", %.1f us\n", (unsigned)number,
               intact ? "whole" : "broken", table->pong.text,
               (double)(timer_now_ns() - served) / 1e3);
    }
    printf("%u of %u balls came back whole\n", whole, BALLS);
    return 0;
}
