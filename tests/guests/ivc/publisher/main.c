/* SPDX-License-Identifier: Apache-2.0 */

/* Publishes, after trying everything that must fail; waits for an answer by the other channel. */

#include <bulkhead/channel.h>
#include <bulkhead/cpu.h>
#include <bulkhead/ivc.h>
#include <bulkhead/timer.h>
#include <bulkhead/vm.h>
#include <string.h>

#include "../../check.h"
#include "../shared.h"

#define RAM_JOINT UINT64_C(0x40800000) /* where the two ranges of RAM meet */
#define RAM_END UINT64_C(0x41000000)
#define ROM UINT64_C(0x50000000)
#define DISTRIBUTOR UINT64_C(0x08000000)

struct checks checks;

static volatile uint64_t slots[512] __attribute__((aligned(4096)));

static int64_t publish(uint64_t key, uint64_t base_slot, uint64_t size_slot)
{
    const uint64_t args[4] = { key, base_slot, size_slot, 0 };

    return vm_call(PUBLISH, args, NULL);
}

/* Slots that are no RAM of this VM: the call fails, and what stands there stays. */
static void bad_pointers(uint64_t window)
{
    const uint64_t good = (uintptr_t)&slots[0];
    const uint64_t bad[] = { 0,           8,          RAM_END,        RAM_END - 7,      ROM,
                             DISTRIBUTOR, window,     UINT64_MAX,     UINT64_MAX - 7,   1ull << 40,
                             1ull << 48,  1ull << 63, ROM + 0x1ffff8, 0x40000000ull - 1 };
    bool refused = true;

    for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        slots[0] = 8;
        refused = refused && publish(KEY, bad[i], good) == IVC_BAD_POINTER && slots[0] == 8;
        refused = refused && publish(KEY, good, bad[i]) == IVC_BAD_POINTER && slots[0] == 8;
    }
    check("slots outside the VM's writable RAM are refused", refused);
    check_status("one slot for both is refused", publish(KEY, good, good), IVC_BAD_POINTER);
    check_equal("ROM is as it was", *(volatile uint64_t *)(uintptr_t)ROM, 0);
    check_equal("so is the window", *(volatile uint64_t *)(uintptr_t)window, 0);
}

static void bad_requests(void)
{
    const uint64_t base = (uintptr_t)&slots[0];
    const uint64_t size = (uintptr_t)&slots[1];

    slots[1] = 0;
    check_status("size 0", publish(KEY, base, size), IVC_BAD_SIZE);
    slots[1] = NEWS_SIZE + 1;
    check_status("more than the channel has", publish(KEY, base, size), IVC_BAD_SIZE);
    slots[1] = 8;
    check_status("unknown key", publish(KEY + 1, base, size), IVC_UNKNOWN);
    check_status("a key is 64 bits wide", publish(KEY | 1ull << 32, base, size), IVC_UNKNOWN);
    check_status("not published yet", ivc_unpublish(KEY), IVC_BAD_STATE);
}

/* The slots lie over the joint of two ranges of RAM, which are apart in the board's. */
static struct ivc_window publish_over_joint(void)
{
    uint8_t *joint = (uint8_t *)(uintptr_t)RAM_JOINT;
    uint64_t wanted = 8;
    struct ivc_window window;
    uint64_t size;

    memcpy(joint - 3, &wanted, 8);
    const uint64_t before = timer_now_ns();
    const int64_t status = publish(KEY, RAM_JOINT - 11, RAM_JOINT - 3);
    const uint64_t after = timer_now_ns();
    check_status("publish", status, 0);
    printf("publishing took %u ns\n", (unsigned)(after - before));
    memcpy(&window.base, joint - 11, 8);
    memcpy(&size, joint - 3, 8);
    window.size = size;
    return window;
}

static bool has_answer(void *arg)
{
    return *(volatile uint64_t *)arg == ~GREETING;
}

int main(void)
{
    const struct channel *channel = channel_open("news");
    struct ivc_window answers;

    bad_pointers((uintptr_t)channel->window);
    bad_requests();
    const struct ivc_window news = publish_over_joint();
    check("the window is the channel's", news.base == channel->window && news.size == NEWS_SIZE);
    slots[1] = 8;
    check_status("it is published", publish(KEY, (uintptr_t)&slots[0], (uintptr_t)&slots[1]),
                 IVC_BAD_STATE);

    uint64_t *last = (uint64_t *)news.base + NEWS_SIZE / 8 - 1;
    *last = GREETING;
    channel_ring(channel, channel->peers);

    while (ivc_subscribe(SUBSCRIBER_ID, KEY, &answers) == IVC_BAD_STATE) {
        timer_sleep(1000000);
    }
    check("the other channel's window",
          answers.base == channel_open("answers")->window && answers.size == 4096);
    cpu_wait_until(has_answer, answers.base);
    check("an answer came", true);
    check_status("unpublish", ivc_unpublish(KEY), 0);
    check_status("unsubscribe", ivc_unsubscribe(SUBSCRIBER_ID, KEY), 0);
    check_status("twice", ivc_unsubscribe(SUBSCRIBER_ID, KEY), IVC_BAD_STATE);
    return check_end();
}
