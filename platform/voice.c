/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/voice.h"

_Static_assert((VOICE_OUTPUT_SIZE & (VOICE_OUTPUT_SIZE - 1)) == 0, "indices wrap at 2^32");
_Static_assert((VOICE_INPUT_SIZE & (VOICE_INPUT_SIZE - 1)) == 0, "indices wrap at 2^32");

uint32_t voice_room(const struct voice *voice)
{
    uint32_t tail = atomic_load_explicit(&voice->tail, memory_order_acquire);

    return VOICE_OUTPUT_SIZE - (atomic_load_explicit(&voice->head, memory_order_relaxed) - tail);
}

bool voice_put(struct voice *voice, char c)
{
    uint32_t head = atomic_load_explicit(&voice->head, memory_order_relaxed);
    uint32_t unfinished = head - atomic_load_explicit(&voice->due, memory_order_relaxed);
    bool due = c == '\n' || unfinished >= VOICE_OUTPUT_SIZE / 2;

    voice->output[head % VOICE_OUTPUT_SIZE] = c;
    atomic_store_explicit(&voice->head, head + 1, memory_order_release);
    if (due) {
        atomic_store_explicit(&voice->due, head + 1, memory_order_release);
    }
    return due;
}

/* The difference is negative where unfinished output was taken before. */
bool voice_ready(const struct voice *voice, bool unfinished)
{
    uint32_t tail = atomic_load_explicit(&voice->tail, memory_order_relaxed);
    uint32_t limit =
        atomic_load_explicit(unfinished ? &voice->head : &voice->due, memory_order_acquire);

    return (int32_t)(limit - tail) > 0;
}

int voice_take(struct voice *voice, bool unfinished)
{
    if (!voice_ready(voice, unfinished)) {
        return -1;
    }
    uint32_t tail = atomic_load_explicit(&voice->tail, memory_order_relaxed);
    int c = (uint8_t)voice->output[tail % VOICE_OUTPUT_SIZE];

    atomic_store_explicit(&voice->tail, tail + 1, memory_order_release);
    return c;
}

bool voice_type(struct voice *voice, char c)
{
    uint32_t head = atomic_load_explicit(&voice->input_head, memory_order_relaxed);
    uint32_t tail = atomic_load_explicit(&voice->input_tail, memory_order_acquire);

    if (head - tail == VOICE_INPUT_SIZE) {
        return false;
    }
    voice->input[head % VOICE_INPUT_SIZE] = c;
    atomic_store_explicit(&voice->input_head, head + 1, memory_order_release);
    return true;
}

int voice_typed(struct voice *voice)
{
    uint32_t tail = atomic_load_explicit(&voice->input_tail, memory_order_relaxed);

    if (atomic_load_explicit(&voice->input_head, memory_order_acquire) == tail) {
        return -1;
    }
    int c = (uint8_t)voice->input[tail % VOICE_INPUT_SIZE];

    atomic_store_explicit(&voice->input_tail, tail + 1, memory_order_release);
    return c;
}
