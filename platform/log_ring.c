/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/log_ring.h"

#include <stdatomic.h>
#include <stdint.h>

#define WORD_COUNT (LOG_RING_SIZE / 4u)
#define WORD_MASK (WORD_COUNT - 1u)

/*
 * A record is a header word (its size in bytes, never 0) and its text, four bytes a word.  `head`
 * and `tail` count words and wrap around freely.  Words in [head, tail + WORD_COUNT) are zero, so
 * a reserved header reads 0 until it is published.
 */
static _Atomic uint32_t words[WORD_COUNT];
static _Atomic uint32_t head;
static _Atomic uint32_t tail;
static _Atomic uint32_t lost;

/* The reader's place in the record at `tail`. */
static struct {
    uint32_t size; /* 0: none begun */
    uint32_t taken;
} reader;

static uint32_t record_words(uint32_t size)
{
    return 1u + (size + 3u) / 4u;
}

/* The tail is read first: the head can only be further. */
static bool reserve(uint32_t need, uint32_t *at)
{
    uint32_t freed = atomic_load_explicit(&tail, memory_order_acquire);
    uint32_t first = atomic_load_explicit(&head, memory_order_relaxed);

    do {
        if (first - freed + need > WORD_COUNT) {
            atomic_fetch_add_explicit(&lost, 1, memory_order_relaxed);
            return false;
        }
    } while (!atomic_compare_exchange_weak_explicit(&head, &first, first + need,
                                                    memory_order_relaxed, memory_order_relaxed));
    *at = first;
    return true;
}

bool log_ring_put(const char *text, size_t size)
{
    uint32_t at;

    if (size == 0 || size > LOG_RING_SIZE / 2 || !reserve(record_words((uint32_t)size), &at)) {
        return false;
    }
    for (uint32_t i = 0; i < size; i += 4) {
        uint32_t word = 0;
        for (uint32_t byte = 0; byte < 4 && i + byte < size; byte++) {
            word |= (uint32_t)(uint8_t)text[i + byte] << (8 * byte);
        }
        atomic_store_explicit(&words[(at + 1 + i / 4) & WORD_MASK], word, memory_order_relaxed);
    }
    atomic_store_explicit(&words[at & WORD_MASK], (uint32_t)size, memory_order_release);
    return true;
}

static uint32_t header(void)
{
    uint32_t at = atomic_load_explicit(&tail, memory_order_relaxed);

    return atomic_load_explicit(&words[at & WORD_MASK], memory_order_acquire);
}

bool log_ring_ready(void)
{
    return header() != 0;
}

static void release_record(void)
{
    uint32_t at = atomic_load_explicit(&tail, memory_order_relaxed);
    uint32_t count = record_words(reader.size);

    for (uint32_t i = 0; i < count; i++) {
        atomic_store_explicit(&words[(at + i) & WORD_MASK], 0, memory_order_relaxed);
    }
    atomic_store_explicit(&tail, at + count, memory_order_release);
    reader.size = 0;
}

int log_ring_get(void)
{
    if (reader.size == 0) {
        reader.size = header();
        reader.taken = 0;
        if (reader.size == 0) {
            return -1;
        }
    }
    uint32_t at = atomic_load_explicit(&tail, memory_order_relaxed) + 1 + reader.taken / 4;
    uint32_t word = atomic_load_explicit(&words[at & WORD_MASK], memory_order_relaxed);
    int c = (uint8_t)(word >> (8 * (reader.taken % 4)));

    reader.taken++;
    if (reader.taken == reader.size) {
        release_record();
    }
    return c;
}

unsigned log_ring_lost(void)
{
    return atomic_exchange_explicit(&lost, 0, memory_order_relaxed);
}
