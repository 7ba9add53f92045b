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
    uint32_t held = head - atomic_load_explicit(&voice->due, memory_order_relaxed);
    bool due = c == '\n' || held >= VOICE_OUTPUT_SIZE / 2;

    voice->output[head % VOICE_OUTPUT_SIZE] = c;
    atomic_store_explicit(&voice->head, head + 1, memory_order_seq_cst);
    if (c == '\n') {
        voice->answers = false;
    }
    if (due) {
        voice_release(voice);
    }
    return due;
}

void voice_release(struct voice *voice)
{
    atomic_store_explicit(&voice->due, atomic_load_explicit(&voice->head, memory_order_relaxed),
                          memory_order_release);
}

bool voice_tick(struct voice *voice)
{
    uint32_t head = atomic_load_explicit(&voice->head, memory_order_relaxed);

    if (head == voice->ticked) {
        voice_release(voice);
    }
    voice->ticked = head;
    return head != atomic_load_explicit(&voice->due, memory_order_relaxed);
}

void voice_show(struct voice *voice)
{
    atomic_store_explicit(&voice->shown, atomic_load_explicit(&voice->head, memory_order_seq_cst),
                          memory_order_release);
}

/* Does the limit let out the character at `tail`?  Not where it lies behind: one that stays there
 * is passed again only after 4 GiB of output. */
static bool lets_out(const _Atomic uint32_t *limit, uint32_t tail)
{
    uint32_t ahead = atomic_load_explicit(limit, memory_order_acquire) - tail;

    return ahead - 1 < VOICE_OUTPUT_SIZE;
}

bool voice_ready(const struct voice *voice, bool all)
{
    uint32_t tail = atomic_load_explicit(&voice->tail, memory_order_relaxed);

    if (atomic_load_explicit(&voice->head, memory_order_acquire) == tail) {
        return false;
    }
    return all || lets_out(&voice->due, tail) || lets_out(&voice->shown, tail);
}

int voice_take(struct voice *voice, bool all)
{
    if (!voice_ready(voice, all)) {
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
    voice->answers = true;
    return c;
}
