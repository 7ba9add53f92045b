/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTACKS_H
#define ATTACKS_H

#include <stdint.h>

/* In order; each but the last leaves the attacker able to go on. */
enum attack {
    ATTACK_MMIO,
    ATTACK_CALLS,
    ATTACK_SYSREGS,
    ATTACK_SGIS,
    ATTACK_GIC,
    ATTACK_FORMS,
    ATTACK_FETCHES,
    ATTACK_WALKS,
    ATTACK_CHANNELS,
    ATTACK_STORMS,
    ATTACK_POWER,
    ATTACK_PRIORITIES,
    ATTACK_EDGES,
    ATTACK_UNPRIVILEGED,
    ATTACK_CRASH,
    ATTACK_COUNT
};

/* The window of the channel "attacks", which outlives the attacker's restarts. */
struct attacks {
    volatile uint32_t runs;
    volatile uint32_t begun;                /* attacks begun */
    volatile uint32_t ended;                /* attacks that came to their end */
    volatile uint64_t made[ATTACK_COUNT];   /* accesses, calls, …: what the attack counts */
    volatile uint64_t faults[ATTACK_COUNT]; /* exceptions that the attacker took meanwhile */
};

/* The window of the channel "heart", between victim and partner; the attacker may look. */
struct heart {
    volatile uint32_t victim_ready;
    volatile uint32_t over; /* the victim has its verdict */
    volatile uint64_t beat; /* the victim's, then the partner's answer */
    volatile uint64_t answer;
    uint64_t still[256]; /* filled by the victim before the attacks; never written again */
};

#endif
