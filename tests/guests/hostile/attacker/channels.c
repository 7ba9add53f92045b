/* SPDX-License-Identifier: Apache-2.0 */

/* Doorbells it may and may not ring, windows it may not write, AxVM's calls with any pointer. */

#include <bulkhead/channel.h>
#include <bulkhead/mmio.h>

#include "attacker.h"
#include "random.h"
#include "trap.h"

#define ROUNDS 20000u
#define RAM_END UINT64_C(0x101000000)
#define PAGE 0x1000u

static uint64_t random_state = 7;
static uint64_t made;

/* Windows and doorbells lie behind the RAM: every word of them, whatever it is. */
static void scribble(uint64_t base, uint64_t size)
{
    for (uint64_t at = 0; at < size; at += 4) {
        mmio_write32(base + at, (uint32_t)random_next(&random_state));
        (void)mmio_read32(base + at);
        mmio_write32(base + at, UINT32_MAX);
        made += 3;
        take_turns(at / 4);
    }
}

/* Publish, subscribe, and back, with keys, publishers, sizes and result addresses of all kinds. */
static void axvm_call(void)
{
    static const uint64_t edges[] = {
        0, 7, 8, 0x33, RAM_END - 8, RAM_END - 4, RAM_END, UINT64_MAX, UINT64_MAX - 7, 0x40200000
    };
    uint64_t registers[30];

    fill_with_pointers(&random_state, registers, 30);
    registers[0] = 3 + random_below(&random_state, 4);
    for (unsigned i = 1; i < 5; i++) {
        const uint64_t pick = random_below(&random_state, 16);
        if (pick < sizeof(edges) / sizeof(edges[0])) {
            registers[i] = edges[pick];
        } else if (pick == 15) {
            registers[i] = (uintptr_t)scratch + random_below(&random_state, SCRATCH_SIZE);
        }
    }
    if (random_below(&random_state, 2) == 0) {
        registers[1] = 0x33; /* a key that is there */
    }
    (void)attempt((uintptr_t)stub_hvc, registers);
    made++;
}

static void rounds(void *arg)
{
    (void)arg;
    scribble(RAM_END, 8 * PAGE);
    for (unsigned i = 0; i < ROUNDS; i++) {
        axvm_call();
        take_turns(i);
    }
}

uint64_t attack_channels(void)
{
    const struct channel *bell = channel_open("bell");
    const struct channel *heart = channel_open("heart");

    made = 0;
    bare(rounds, NULL);
    for (unsigned i = 0; i < ROUNDS; i++) {
        channel_ring(bell, UINT32_MAX);
        channel_ring(heart, (uint32_t)random_next(&random_state));
        made += 2;
        take_turns(i);
    }
    return made;
}
