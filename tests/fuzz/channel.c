/* SPDX-License-Identifier: Apache-2.0 */
/* sources: vdev/channel.c tests/unit/fixture/platform.c */
#include "vdev/channel.h"
#include "tests/fuzz/input.h"
#include "vdev/vcpu.h"
#include "vdev/vgic.h"

/* Doorbell frames, any offset and value by both peers, against a model: who rings whom, and no
 * interrupt that nobody rang. */

const struct channel_row channel_rows[CHANNEL_COUNT] = {
    { .name = "fuzz", .size = UINT64_C(0x300001000), .peer_first = 0, .peer_count = 2 },
};
const struct channel_peer_row channel_peer_rows[CHANNEL_PEER_COUNT] = {
    { .channel = 0, .vm = 0, .intid = 40, .rings = 2 },
    { .channel = 0, .vm = 1, .intid = 41, .rings = 3 },
};

static uint32_t posts[2];
static struct vcpu peers[2];

void vgic_post(uint32_t vm, uint32_t intid)
{
    MUST(vm < 2 && intid == 40 + vm);
    posts[vm]++;
}

uint64_t arch_vcpu_pc(const struct arch_vcpu *vcpu)
{
    (void)vcpu;
    return 0;
}

static uint32_t model_from[2];
static uint32_t model_posts[2];

static void model_write(uint32_t peer, uint64_t offset, uint32_t value)
{
    if (offset == 0x18) {
        model_from[peer] &= ~value;
    } else if (offset == 0x14) {
        for (uint32_t other = 0; other < 2; other++) {
            if ((value & channel_peer_rows[peer].rings) >> other & 1) {
                model_from[other] |= 1u << peer;
                model_posts[other]++;
            }
        }
    }
}

static uint32_t model_read(uint32_t peer, uint64_t offset)
{
    switch (offset) {
    case 0x00:
        return 0x42434831;
    case 0x04:
        return peer;
    case 0x08:
        return channel_peer_rows[peer].rings;
    case 0x0c:
        return 0x00001000;
    case 0x10:
        return 3;
    case 0x18:
        return model_from[peer];
    default:
        return 0;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = { .data = data, .left = size };

    for (uint32_t peer = 0; peer < 2; peer++) {
        channel_ops.write(&peers[peer], peer, 0x18, 4, UINT32_MAX);
        model_from[peer] = 0;
        posts[peer] = 0;
        model_posts[peer] = 0;
    }
    while (input.left > 0) {
        const uint32_t what = input_below(&input, 256);
        const uint32_t peer = what & 1;
        const uint64_t offset = (what & 4) != 0 ? input_take(&input, 2) % 0x1000 & ~UINT64_C(3)
                                                : 4 * (uint64_t)(what >> 4 & 7);

        if ((what & 2) != 0) {
            const uint32_t value = (uint32_t)input_take(&input, 4);
            channel_ops.write(&peers[peer], peer, offset, 4, value);
            model_write(peer, offset, value);
        } else {
            const uint64_t got = channel_ops.read(&peers[peer], peer, offset, 4);
            MUST((uint32_t)got == model_read(peer, offset));
        }
        MUST(posts[0] == model_posts[0] && posts[1] == model_posts[1]);
    }
    return 0;
}
