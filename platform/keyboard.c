/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/keyboard.h"

#include <stdatomic.h>

#include "gen/rows.h"
#include "platform/console.h"
#include "platform/format.h"
#include "platform/stage.h"
#include "platform/uart.h"
#include <tables.h>

#define VOICE_COUNT COUNT_AT_LEAST_ONE(CONSOLE_VOICE_COUNT + 0u)

static _Atomic int32_t keyboard; /* voice; of nobody but the log before keyboard_init() */

/* The next voice after `voice` that takes input, or nobody. */
static int32_t next_keyboard(int32_t voice)
{
    for (uint32_t i = 1; i <= VOICE_COUNT; i++) {
        uint32_t next = ((uint32_t)(voice + (int32_t)i)) % VOICE_COUNT;
        if (console_voice_rows[next].vuart >= 0) {
            return (int32_t)next;
        }
    }
    return KEYBOARD_NOBODY;
}

void keyboard_init(void)
{
    atomic_store_explicit(&keyboard, next_keyboard(KEYBOARD_NOBODY), memory_order_relaxed);
}

bool keyboard_is_at(uint32_t voice)
{
    return atomic_load_explicit(&keyboard, memory_order_seq_cst) == (int32_t)voice;
}

static void switch_keyboard(struct voice guest_voices[])
{
    char line[16 + STAGE_NAME_MAX];
    int32_t voice = next_keyboard(atomic_load_explicit(&keyboard, memory_order_relaxed));

    if (voice == KEYBOARD_NOBODY) {
        return;
    }
    atomic_store_explicit(&keyboard, voice, memory_order_seq_cst);
    size_t size =
        format_text(line, sizeof(line) - 1, "keyboard: %s", console_voice_rows[voice].name);

    line[size++] = '\n';
    console_write(line, size);
    voice_show(&guest_voices[voice - 1]); /* and console_interrupt() drains */
}

int32_t keyboard_take(struct voice guest_voices[], int (*filter)(int c))
{
    int32_t typed = KEYBOARD_NOBODY;

    for (int c = plat_uart_get(); c >= 0; c = plat_uart_get()) {
        int32_t voice = atomic_load_explicit(&keyboard, memory_order_relaxed);
        int kept = filter == NULL ? c : filter(c);

        if (kept < 0) {
            continue;
        }
        if (kept == CONSOLE_ESCAPE) {
            switch_keyboard(guest_voices);
        } else if (voice != KEYBOARD_NOBODY && voice_type(&guest_voices[voice - 1], (char)kept)) {
            typed = voice;
        }
    }
    return typed;
}
