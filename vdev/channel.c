/* SPDX-License-Identifier: Apache-2.0 */
#include "vdev/channel.h"

#include <stdatomic.h>

#include "vdev/notice.h"
#include "vdev/vcpu.h"
#include "vdev/vgic.h"

#define REG_ID 0x00u
#define REG_SELF 0x04u
#define REG_PEERS 0x08u
#define REG_SIZE 0x0cu
#define REG_SIZE_HI 0x10u
#define REG_RING 0x14u
#define REG_FROM 0x18u

#define CHANNEL_ID 0x42434831u /* "BCH1" */

/* FROM of each peer; the other VMs' CPUs set bits, its own clear them. */
static _Atomic uint32_t channel_from[COUNT_AT_LEAST_ONE(CHANNEL_PEER_COUNT)];

static uint32_t channel_self(uint32_t instance)
{
    return instance - channel_rows[channel_peer_rows[instance].channel].peer_first;
}

/* Release: what the ringing VM wrote to the window before is there when FROM shows its bit. */
static void channel_ring(const struct vcpu *vcpu, uint32_t instance, uint32_t peers)
{
    const struct channel_peer_row *self = &channel_peer_rows[instance];
    uint32_t first = channel_rows[self->channel].peer_first;

    if (peers != 0 && (peers & self->rings) == 0) {
        notice(vcpu, "rings peers %#x of channel %s, may ring %#x", (unsigned)peers,
               channel_rows[self->channel].name, (unsigned)self->rings);
    }

    for (peers &= self->rings; peers != 0; peers &= peers - 1) {
        uint32_t peer = first + (uint32_t)__builtin_ctz(peers);
        const struct channel_peer_row *row = &channel_peer_rows[peer];

        atomic_fetch_or_explicit(&channel_from[peer], 1u << channel_self(instance),
                                 memory_order_release);
        if (row->intid != 0) {
            vgic_post(row->vm, row->intid);
        }
    }
}

static uint64_t channel_read(struct vcpu *vcpu, uint32_t instance, uint64_t offset, unsigned size)
{
    const struct channel_peer_row *row = &channel_peer_rows[instance];

    (void)vcpu;
    (void)size;
    switch (offset) {
    case REG_ID:
        return CHANNEL_ID;
    case REG_SELF:
        return channel_self(instance);
    case REG_PEERS:
        return row->rings;
    case REG_SIZE:
        return (uint32_t)channel_rows[row->channel].size;
    case REG_SIZE_HI:
        return channel_rows[row->channel].size >> 32;
    case REG_FROM:
        return atomic_load_explicit(&channel_from[instance], memory_order_acquire);
    default:
        return 0;
    }
}

static void channel_write(struct vcpu *vcpu, uint32_t instance, uint64_t offset, unsigned size,
                          uint64_t value)
{
    (void)size;
    if (offset == REG_RING) {
        channel_ring(vcpu, instance, (uint32_t)value);
    } else if (offset == REG_FROM) {
        atomic_fetch_and_explicit(&channel_from[instance], ~(uint32_t)value, memory_order_acq_rel);
    }
}

static void channel_reset(uint32_t instance)
{
    atomic_store_explicit(&channel_from[instance], 0, memory_order_relaxed);
}

const struct vdev_ops channel_ops = {
    .name = "channel",
    .sizes = VDEV_SIZE_4,
    .read = channel_read,
    .write = channel_write,
    .reset = channel_reset,
};
