/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNS_H
#define RUNS_H

#include <stdint.h>

#define RUNS 1001u /* the first, and as many restarts as the deployment allows */

#define RUNS_FINDINGS 9u

struct runs {
    uint64_t findings[RUNS_FINDINGS]; /* of the first run: memory, GIC, system registers */
    volatile uint32_t begun;
    volatile uint32_t unlike_the_first; /* runs that found something else than the first one */
    volatile uint64_t crashed_ns;
    volatile uint64_t first_restart_ns;
    volatile uint64_t longest_restart_ns; /* from the crash to main() */
};

#endif
