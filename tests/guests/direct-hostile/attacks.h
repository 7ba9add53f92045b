/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTACKS_H
#define ATTACKS_H

#include <stdint.h>

/* In the channel; outlives the hostile VM's restarts. */
struct attacks {
    volatile uint32_t begun;
    volatile uint32_t ended; /* the number of the last attack that came to its end */
};

#define ATTACK_COUNT 2u

#endif
