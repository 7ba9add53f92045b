/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTACKER_RANDOM_H
#define ATTACKER_RANDOM_H

#include <stdint.h>

/* SplitMix64 (Steele, Lea, Flood 2014): any seed, 64 good bits a step. */
static inline uint64_t random_next(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static inline uint64_t random_below(uint64_t *state, uint64_t limit)
{
    return (random_next(state) >> 32) * limit >> 32;
}

/* Now and then lets the other CPUs go on: QEMU runs them in turn. */
static inline void take_turns(uint64_t step)
{
    if (step % 8 == 0) {
        __asm__ volatile("yield" ::: "memory");
    }
}

#endif
