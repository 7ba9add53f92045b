/* SPDX-License-Identifier: Apache-2.0 */
/* sources: platform/co*.c platform/[fklsv]*.c tests/unit/fixture/uart.c */
#include "gen/rows.h"
#include "platform/console.h"
#include "platform/log.h"
#include "tests/unit/check.h"
#include "tests/unit/fixture/uart.h"
#include <tables.h>

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

/* Voices and the log write from threads of their own while another one is the UART's interrupt:
 * every line of a voice arrives, whole and in order, with nobody left to push it out.  A prompt
 * that is written while the keyboard comes is shown, or its writer knows that it is held. */

#define LINES 3000u
#define VOICES CONSOLE_VOICE_COUNT

const struct console_voice_row console_voice_rows[CONSOLE_VOICE_COUNT] = {
    { .name = "hv", .vm = -1, .vuart = -1 },
    { .name = "a", .vm = 0, .vuart = 0 },
    { .name = "b", .vm = 1, .vuart = -1 },
    { .name = "c", .vm = 2, .vuart = 2 },
};

static _Atomic uint32_t writing;
static _Atomic uint32_t woken; /* bitmap of voices that were told of room */

static void notify(uint32_t voice)
{
    atomic_fetch_or(&woken, 1u << voice);
}

/* Refused, a guest waits for its transmit interrupt and for nothing else. */
static void put(uint32_t voice, char c)
{
    while (console_put(voice, c) == CONSOLE_FULL) {
        while ((atomic_fetch_and(&woken, ~(1u << voice)) & (1u << voice)) == 0) {
            sched_yield();
        }
    }
}

static void *write_voice(void *argument)
{
    uint32_t voice = *(const uint32_t *)argument;
    char line[64];

    for (uint32_t n = 0; n < LINES; n++) {
        snprintf(line, sizeof(line), "%u: %.*s\n", n, (int)(n % 37),
                 "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789");
        for (const char *c = line; *c != '\0'; c++) {
            put(voice, *c);
        }
    }
    atomic_fetch_sub(&writing, 1);
    return NULL;
}

static void *write_log(void *argument)
{
    uint32_t number = *(const uint32_t *)argument;

    for (uint32_t n = 0; n < LINES; n++) {
        log_line(LOG_INFO, "from %u: %u", number, n);
    }
    atomic_fetch_sub(&writing, 1);
    return NULL;
}

static void *interrupt(void *argument)
{
    (void)argument;
    uint32_t idle = 0;
    bool paused = false;

    while (atomic_load(&writing) != 0 || idle++ < 10) {
        atomic_store(&uart_credit, 200);
        if (paused || atomic_load(&uart_tx_interrupt)) {
            paused = console_interrupt(notify, NULL);
            idle = 0;
        }
        sched_yield();
    }
    return NULL;
}

/* Reads the numbers of the lines that begin with `prefix`; returns how many there are, in order. */
static uint32_t count_lines(const char *text, const char *prefix)
{
    uint32_t found = 0;
    uint32_t next = 0;

    for (const char *at = strstr(text, prefix); at != NULL; at = strstr(at + 1, prefix)) {
        uint32_t n = (uint32_t)strtoul(at + strlen(prefix), NULL, 10);
        CHECK(at == text || at[-1] == '\n');
        CHECK(n >= next);
        next = n + 1;
        found++;
    }
    return found;
}

static void check_bodies(const char *text)
{
    for (const char *at = strstr(text, ": A"); at != NULL; at = strstr(at + 1, ": A")) {
        const char *start = at;
        while (start > text && start[-1] >= '0' && start[-1] <= '9') {
            start--;
        }
        CHECK_EQ(strcspn(at + 2, "\r"), strtoul(start, NULL, 10) % 37);
    }
}

static void all_lines_arrive(void)
{
    static const uint32_t numbers[] = { 0, 1, 2, 3, 1, 2 };
    pthread_t threads[6];

    uart_reset();
    console_init();
    atomic_store(&writing, 5);
    for (uint32_t i = 0; i < 6; i++) {
        void *(*body)(void *) = i == 0 ? interrupt : i < VOICES ? write_voice : write_log;
        CHECK_EQ(pthread_create(&threads[i], NULL, body, (void *)(uintptr_t)&numbers[i]), 0);
    }
    for (uint32_t i = 0; i < 6; i++) {
        pthread_join(threads[i], NULL);
    }
    const char *text = uart_text();
    CHECK(!atomic_load(&uart_tx_interrupt));
    CHECK_EQ(count_lines(text, "[a] "), LINES);
    CHECK_EQ(count_lines(text, "[b] "), LINES);
    CHECK_EQ(count_lines(text, "[c] "), LINES);
    CHECK(strstr(text, "]+") == NULL);
    check_bodies(text);
    uint32_t logged = count_lines(text, "[hv] from 1: ") + count_lines(text, "[hv] from 2: ");
    CHECK(logged > 100);
    CHECK(logged == 2 * LINES || strstr(text, "lines were lost") != NULL);
}

#define PROMPTS 20000u

static _Atomic uint32_t round_begun;
static _Atomic uint32_t prompts_done;
static _Atomic bool prompt_held;

/* Spins a while first, so that both threads go on at the same time. */
static void await(_Atomic uint32_t *count, uint32_t n)
{
    for (uint32_t i = 0; atomic_load(count) != n; i++) {
        if (i > 5000) {
            sched_yield();
        }
    }
}

static void *write_prompts(void *argument)
{
    (void)argument;
    for (uint32_t n = 1; n <= PROMPTS; n++) {
        await(&round_begun, n);
        atomic_store(&prompt_held, console_put(3, '>') == CONSOLE_HELD);
        atomic_store(&prompts_done, n);
    }
    return NULL;
}

static void keyboard_comes_to_a_prompt(void)
{
    pthread_t thread;
    uint32_t held = 0;

    CHECK_EQ(pthread_create(&thread, NULL, write_prompts, NULL), 0);
    for (uint32_t n = 1; n <= PROMPTS; n++) {
        uart_reset();
        uart_type("\x1d");
        atomic_store(&round_begun, n);
        if (n % 8 == 0) { /* surely first */
            await(&prompts_done, n);
        }
        for (volatile uint32_t delay = 0; delay < n % 100; delay = delay + 1) {
        }
        console_interrupt(notify, NULL);
        await(&prompts_done, n);
        held += atomic_load(&prompt_held);
        CHECK(atomic_load(&prompt_held) || strstr(uart_text(), "[c] >") != NULL);
        put(3, '\n');
        uart_type("\x1d");
        console_interrupt(notify, NULL);
    }
    pthread_join(thread, NULL);
    CHECK(held <= PROMPTS - PROMPTS / 8);
}

int main(void)
{
    TEST(all_lines_arrive);
    TEST(keyboard_comes_to_a_prompt);
    return test_result();
}
