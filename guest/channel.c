/* SPDX-License-Identifier: Apache-2.0 */
#include "bulkhead/channel.h"

#include <string.h>

#include "bulkhead/irq.h"
#include "bulkhead/mmio.h"
#include "bulkhead/sysreg.h"
#include "channel.h"
#include "machine.h"

/* Doorbell frame, vdev/channel.h. */
#define DOORBELL_SELF 0x04
#define DOORBELL_PEERS 0x08
#define DOORBELL_RING 0x14
#define DOORBELL_FROM 0x18

static struct channel channels[CHANNEL_MAX];
static struct {
    channel_handler_fn fn;
    void *arg;
} handlers[CHANNEL_MAX];

void channel_init(void)
{
    for (unsigned i = 0; i < machine.channel_count; i++) {
        const struct machine_channel *found = &machine.channels[i];
        const bool doorbell = found->doorbell_base != 0;

        channels[i] = (struct channel){
            .name = found->name,
            .window = (void *)(uintptr_t)found->window_base,
            .size = found->window_size,
            .writable = found->writable,
            .doorbell = doorbell,
            .self = doorbell ? mmio_read32(found->doorbell_base + DOORBELL_SELF) : 0,
            .peers = doorbell ? mmio_read32(found->doorbell_base + DOORBELL_PEERS) : 0,
        };
    }
}

const struct channel *channel_open(const char *name)
{
    for (unsigned i = 0; i < machine.channel_count; i++) {
        if (strcmp(channels[i].name, name) == 0) {
            return &channels[i];
        }
    }
    return NULL;
}

void channel_ring(const struct channel *channel, uint32_t peers)
{
    const struct machine_channel *found = &machine.channels[channel - channels];

    if (found->doorbell_base != 0) {
        DSB(ish); /* what was written is visible before the ring is */
        mmio_write32(found->doorbell_base + DOORBELL_RING, peers);
    }
}

static void doorbell_interrupt(uint32_t intid, void *arg)
{
    const struct channel *channel = arg;
    const size_t index = (size_t)(channel - channels);
    const uint64_t base = machine.channels[index].doorbell_base;
    const uint32_t from = mmio_read32(base + DOORBELL_FROM);

    (void)intid;
    mmio_write32(base + DOORBELL_FROM, from);
    if (from != 0) {
        handlers[index].fn(channel, from, handlers[index].arg);
    }
}

void channel_on_ring(const struct channel *channel, channel_handler_fn handler, void *arg)
{
    const size_t index = (size_t)(channel - channels);
    const uint32_t intid = machine.channels[index].intid;

    if (intid == 0) {
        return;
    }
    handlers[index].fn = handler;
    handlers[index].arg = arg;
    irq_handler(intid, doorbell_interrupt, &channels[index]);
    irq_set_edge(intid, true);
    irq_enable(intid);

    /* A ring from before the interrupt was set up may not have left it pending. */
    const uint64_t state = irq_mask();
    doorbell_interrupt(intid, &channels[index]);
    irq_restore(state);
}
