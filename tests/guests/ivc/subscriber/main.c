/* SPDX-License-Identifier: Apache-2.0 */

/* Subscribes when there is something to, reads, and answers by a channel of its own. */

#include <bulkhead/channel.h>
#include <bulkhead/cpu.h>
#include <bulkhead/ivc.h>
#include <bulkhead/timer.h>

#include "../../check.h"
#include "../shared.h"

struct checks checks;

static void rung(const struct channel *channel, uint32_t from, void *arg)
{
    (void)channel;
    (void)from;
    (void)arg;
}

static bool has_greeting(void *arg)
{
    return *(volatile uint64_t *)arg == GREETING;
}

int main(void)
{
    struct ivc_window news;
    struct ivc_window answers;
    int status;

    channel_on_ring(channel_open("news"), rung, NULL);
    check_status("publishing what is the other's", ivc_publish(KEY + 1, 8, &news), IVC_UNKNOWN);
    check_status("another publisher", ivc_subscribe(1, KEY, &news), IVC_UNKNOWN);
    check_status("its own", ivc_subscribe(SUBSCRIBER_ID, KEY, &news), IVC_UNKNOWN);
    while ((status = ivc_subscribe(PUBLISHER_ID, KEY, &news)) == IVC_BAD_STATE) {
        timer_sleep(1000000);
    }
    check_status("subscribe", status, 0);
    check("the window is the channel's",
          news.base == channel_open("news")->window && news.size == NEWS_SIZE);
    cpu_wait_until(has_greeting, (uint64_t *)news.base + NEWS_SIZE / 8 - 1);
    check("the last word of 4 MiB has come", true);

    check_status("publish", ivc_publish(KEY, 4096, &answers), 0);
    *(volatile uint64_t *)answers.base = ~GREETING;
    channel_ring(channel_open("answers"), ~0u);
    check_status("unsubscribe", ivc_unsubscribe(PUBLISHER_ID, KEY), 0);
    check("the window stays", has_greeting((uint64_t *)news.base + NEWS_SIZE / 8 - 1));
    return check_end();
}
