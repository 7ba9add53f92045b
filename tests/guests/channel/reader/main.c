/* SPDX-License-Identifier: Apache-2.0 */

/* Returns each number; tries to write where it may not. */

#include <bulkhead/channel.h>
#include <bulkhead/cpu.h>
#include <bulkhead/fault.h>
#include <bulkhead/mmio.h>

#include "../../check.h"
#include "../shared.h"

struct checks checks;

static volatile uint32_t rounds;
static volatile unsigned faults;
static volatile uint64_t fault_address;
static const struct channel *out;

static bool skip(struct fault *fault, void *arg)
{
    (void)arg;
    if (FAULT_CLASS(fault->esr) != FAULT_DATA_ABORT) {
        return false;
    }
    faults++;
    fault_address = fault->far;
    fault->elr += 4;
    return true;
}

static void rung(const struct channel *in, uint32_t from, void *arg)
{
    const struct message *received = in->window;
    struct message *answer = out->window;
    const uint32_t number = received->number;

    (void)arg;
    if (from != 1 || number == rounds) {
        return;
    }
    for (unsigned i = 0; i < 63; i++) {
        answer->copies[i] = received->copies[i];
    }
    rounds = number;
    answer->number = number;
    channel_ring(out, out->peers);
}

static bool has_all(void *arg)
{
    (void)arg;
    return rounds == ROUNDS;
}

int main(void)
{
    const struct channel *in = channel_open("to-reader");

    out = channel_open("to-writer");
    check("both channels are there", out != NULL && in != NULL);
    check("what is ours to write", out->writable && !in->writable);
    check_equal("second peer", in->self, 1);

    fault_handler(skip, NULL);
    const uint64_t first = (uintptr_t)in->window + sizeof(uint32_t);
    mmio_write32(first, 0xdead); /* no writeback, which skip() would lose */
    check_equal("a write to a read-only window is a data abort", faults, 1);
    check_equal("at that address", fault_address, first);
    check("and has no effect", mmio_read32(first) != 0xdead);
    fault_handler(NULL, NULL);

    channel_on_ring(in, rung, NULL);
    cpu_wait_until(has_all, NULL);
    return check_end();
}
