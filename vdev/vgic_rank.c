/* SPDX-License-Identifier: Apache-2.0 */
#include "vdev/vgic_state.h"

/*
 * The most urgent of 32 interrupts in a few instructions, however many there are: each bit of their
 * priorities is a word of its own (`rank`), which halves the choice.  Made from the priorities when
 * it is first needed, and kept from then on: guests that never have two pending pay nothing.
 */

#define LANES UINT64_C(0x0101010101010101)    /* of eight priorities: a bit of each */
#define GATHERED UINT64_C(0x0102040810204080) /* times LANES: these bits in the upper byte */

static uint32_t gather(const uint8_t *priority, uint32_t bit)
{
    uint64_t eight;

    __builtin_memcpy(&eight, __builtin_assume_aligned(priority, 8), sizeof(eight));
    return (uint32_t)((eight >> (7 - bit) & LANES) * GATHERED >> 56);
}

void vgic_rank(struct vgic_word *word)
{
    for (uint32_t i = 0; i < VGIC_PRIORITY_BITS; i++) {
        uint32_t bits = 0;

        for (uint32_t n = 0; n < 32; n += 8) {
            bits |= gather(&word->priority[n], i) << n;
        }
        word->rank[i] = bits;
    }
    word->ranked = true;
}

uint32_t vgic_most_urgent(struct vgic_word *word, uint32_t bits)
{
    if (!word->ranked) {
        vgic_rank(word);
    }
#pragma clang loop unroll(full)
    for (uint32_t i = 0; i < VGIC_PRIORITY_BITS; i++) {
        uint32_t better = bits & ~word->rank[i];

        bits = better != 0 ? better : bits;
    }
    return (uint32_t)__builtin_ctz(bits);
}
