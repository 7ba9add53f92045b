/* SPDX-License-Identifier: Apache-2.0 */
/* sources: platform/co*.c platform/[fklsv]*.c tests/unit/fixture/uart.c
 *          tests/unit/fixture/console_guests.c */
#include "gen/rows.h"
#include "platform/console.h"
#include "platform/log.h"
#include "platform/voice.h"
#include "tests/unit/check.h"
#include "tests/unit/fixture/console_guests.h"
#include "tests/unit/fixture/uart.h"
#include <tables.h>

#include <string.h>

static void early_lines_go_out_directly(void)
{
    log_line(LOG_INFO, "early %d", 1);
    CHECK_TEXT("[hv] early 1\r\n");
    console_init();
    CHECK(!atomic_load(&uart_tx_interrupt));
    log_line(LOG_ERROR, "%s", "late");
    log_line(LOG_WARN, "later");
    CHECK_TEXT("[hv] error: late\r\n[hv] warning: later\r\n");
}

static void lines_are_whole(void)
{
    put(2, "half of b");
    put(3, "half of c");
    CHECK_TEXT("");
    put(3, " and rest\n");
    CHECK_TEXT("[c] half of c and rest\r\n");
    log_line(LOG_INFO, "log");
    put(2, ", rest of b\r\nnext");
    CHECK_TEXT("[hv] log\r\n[b] half of b, rest of b\r\n");
    put(2, "\n");
    CHECK_TEXT("[b] next\r\n");
}

/* The first voice that takes input has the keyboard. */
static void keyboard_voice_is_held_for_its_newline(void)
{
    CHECK_EQ(console_put(1, 'l'), CONSOLE_HELD);
    CHECK_EQ(console_put(2, 'o'), CONSOLE_TAKEN);
    put(1, "ine 1");
    put(2, "ther\n");
    CHECK_TEXT("[b] other\r\n");
    CHECK(tick());
    CHECK_EQ(console_put(1, '\n'), CONSOLE_TAKEN);
    CHECK_TEXT("[a] line 1\r\n");
    CHECK(!tick());
    CHECK_TEXT("");
}

static void quiet_shows_a_prompt(void)
{
    put(1, "log");
    CHECK(tick());
    put(1, "in: ");
    CHECK(tick()); /* it grew */
    CHECK_TEXT("");
    CHECK(!tick());
    CHECK_TEXT("[a] login: ");
    put(2, "other\n");
    CHECK_TEXT("\r\n[b] other\r\n");
    put(1, "waits");
    CHECK(tick());
    log_line(LOG_INFO, "log");
    CHECK_TEXT("[hv] log\r\n");
    put(1, " on\n");
    CHECK_TEXT("[a]+ waits on\r\n");
}

/* Until its newline, what follows typed input goes out at once. */
static void echo_is_immediate(void)
{
    put(1, "> ");
    uart_type("ok");
    interrupt();
    CHECK_TEXT("");
    CHECK_EQ(console_get(1), 'o');
    CHECK_EQ(console_put(1, 'o'), CONSOLE_TAKEN);
    CHECK_TEXT("[a] > o");
    CHECK_EQ(console_get(1), 'k');
    put(1, "k");
    CHECK_TEXT("k");
    CHECK_EQ(console_get(1), UINT64_MAX);
    put(1, "\r\n");
    CHECK_EQ(console_put(1, 'h'), CONSOLE_HELD);
    CHECK_TEXT("\r\n");
    put(1, "eld\n");
    CHECK_TEXT("[a] held\r\n");
}

static void carriage_returns(void)
{
    put(1, "a\r\nb\n\rc\r\n");
    CHECK_TEXT("[a] a\r\n[a] b\r\n[a] c\r\n");
    put(1, "10%\r20%\r\n");
    CHECK_TEXT("[a] 10%\r20%\r\n");
}

static void escape_moves_the_keyboard(void)
{
    notified = 0;
    uart_type("x\x1dy\x1dz");
    interrupt();
    CHECK_TEXT("[hv] keyboard: c\r\n[hv] keyboard: a\r\n");
    CHECK_EQ(notified, 1u << 1);
    CHECK_EQ(console_get(1), 'x');
    CHECK_EQ(console_get(1), 'z');
    CHECK_EQ(console_get(1), UINT64_MAX);
    CHECK_EQ(console_get(3), 'y');
    CHECK_EQ(console_get(3), UINT64_MAX);
    CHECK_EQ(console_get(2), UINT64_MAX);
    put(1, "\n");
    put(3, "\n");
    CHECK_TEXT("[a] \r\n[c] \r\n");
}

/* Takes 'x', and types '!' for '?' and the escape key for '/'. */
static int filter(int c)
{
    switch (c) {
    case 'x':
        return -1;
    case '?':
        return '!';
    case '/':
        return CONSOLE_ESCAPE;
    default:
        return c;
    }
}

static void a_filter_sees_each_key_first(void)
{
    uart_type("axb?/c");
    console_interrupt(notify, filter);
    CHECK_TEXT("[hv] keyboard: c\r\n");
    CHECK_EQ(console_get(1), 'a');
    CHECK_EQ(console_get(1), 'b');
    CHECK_EQ(console_get(1), '!');
    CHECK_EQ(console_get(1), UINT64_MAX);
    CHECK_EQ(console_get(3), 'c');
    uart_type("/");
    console_interrupt(notify, filter);
    CHECK_TEXT("[hv] keyboard: a\r\n");
}

static void keyboard_leaves_an_unfinished_line(void)
{
    put(1, "prompt> ");
    CHECK(tick() && !tick());
    uart_type("\x1d");
    interrupt();
    CHECK_TEXT("[a] prompt> \r\n[hv] keyboard: c\r\n");
    CHECK_EQ(console_put(1, 'u'), CONSOLE_TAKEN);
    CHECK(!tick());
    put(1, "nseen");
    CHECK_TEXT("");
    put(1, "\n");
    CHECK_TEXT("[a]+ unseen\r\n");
    uart_type("\x1d");
    interrupt();
    CHECK_TEXT("[hv] keyboard: a\r\n");
}

/* An echo without the keyboard is like any other line. */
static void keyboard_comes_to_an_unfinished_line(void)
{
    uart_type("x\x1d");
    interrupt();
    CHECK_TEXT("[hv] keyboard: c\r\n");
    CHECK_EQ(console_get(1), 'x');
    put(1, "> x");
    CHECK_TEXT("");
    uart_type("\x1d");
    interrupt();
    CHECK_TEXT("[hv] keyboard: a\r\n[a] > x");
    put(1, "y\n");
    CHECK_TEXT("y\r\n");
    put(1, "next");
    CHECK_TEXT(""); /* shown once only */
    put(1, "\n");
    CHECK_TEXT("[a] next\r\n");
}

static void input_overruns(void)
{
    static char text[VOICE_INPUT_SIZE + 37];

    memset(text, 'k', sizeof(text) - 1);
    uart_type(text);
    interrupt();
    uint32_t count = 0;
    while (console_get(1) == 'k') {
        count++;
    }
    CHECK_EQ(count, VOICE_INPUT_SIZE);
    put(1, "\n");
    CHECK_TEXT("[a] \r\n");
}

int main(void)
{
    TEST(early_lines_go_out_directly);
    TEST(lines_are_whole);
    TEST(keyboard_voice_is_held_for_its_newline);
    TEST(quiet_shows_a_prompt);
    TEST(echo_is_immediate);
    TEST(carriage_returns);
    TEST(escape_moves_the_keyboard);
    TEST(keyboard_leaves_an_unfinished_line);
    TEST(keyboard_comes_to_an_unfinished_line);
    TEST(input_overruns);
    TEST(a_filter_sees_each_key_first);
    return test_result();
}
