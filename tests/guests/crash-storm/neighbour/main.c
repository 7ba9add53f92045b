/* SPDX-License-Identifier: Apache-2.0 */

/* Its memory and its timer while the other one crashes; then how that one's runs were. */

#include <bulkhead/channel.h>
#include <bulkhead/timer.h>
#include <stdlib.h>

#include "../../check.h"
#include "../runs.h"

#define PERIOD_NS UINT64_C(200000)
#define WORDS 0x10000u
#define WORDS_A_TICK 0x100u
#define QUIET_NS UINT64_C(100000000) /* longer than any run and restart */

struct checks checks;

static uint64_t *memory;
static uint64_t changed;

static uint64_t value(uint64_t index)
{
    return (index + 1) * UINT64_C(0x9e3779b97f4a7c15);
}

static void check_memory(uint32_t first, uint32_t count)
{
    for (uint32_t i = first; i < first + count; i++) {
        changed += memory[i % WORDS] != value(i % WORDS);
    }
}

static uint64_t tick(uint32_t number)
{
    const uint64_t due = timer_now_ns() + PERIOD_NS;

    timer_sleep(PERIOD_NS);
    const uint64_t late = timer_now_ns() - due;
    check_memory(number * WORDS_A_TICK, WORDS_A_TICK);
    return late;
}

int main(void)
{
    const struct runs *runs = channel_open("runs")->window;
    uint64_t latest = 0;

    memory = malloc(WORDS * sizeof(memory[0]));
    for (uint32_t i = 0; i < WORDS; i++) {
        memory[i] = value(i);
    }
    uint32_t number = 0;
    for (; runs->begun < RUNS; number++) {
        const uint64_t late = tick(number);
        latest = late > latest ? late : latest;
    }
    for (const uint64_t last_ns = timer_now_ns(); timer_now_ns() - last_ns < QUIET_NS; number++) {
        (void)tick(number); /* would it be restarted once more? */
    }
    printf("the last run was the %uth\n", (unsigned)runs->begun);
    check_memory(0, WORDS);
    check_equal("runs", runs->begun, RUNS);
    check_equal("runs that found what another left", runs->unlike_the_first, 0);
    check("memory that a run finds is zero", runs->findings[2] == 1);
    check_equal("words of its memory that changed", changed, 0);
    printf("restarts took %" PRIu64 " us, then at most %" PRIu64 " us\n",
           runs->first_restart_ns / 1000, runs->longest_restart_ns / 1000);
    printf("timer late by at most %" PRIu64 " ns\n", latest);
    return check_end();
}
