/* SPDX-License-Identifier: Apache-2.0 */
/* sources: platform/co*.c platform/[fklsv]*.c tests/unit/fixture/uart.c
 *          tests/unit/fixture/console_guests.c */
#include "gen/rows.h"
#include "platform/console.h"
#include "platform/log.h"
#include "platform/log_ring.h"
#include "platform/voice.h"
#include "tests/unit/check.h"
#include "tests/unit/fixture/console_guests.h"
#include "tests/unit/fixture/uart.h"
#include <tables.h>

#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Half a ring without a newline goes out as a piece. */
static void long_lines_come_in_pieces(void)
{
    static char text[1201];

    memset(text, 'p', 1200);
    text[1200] = '\0';
    CHECK_EQ(put(2, text), 1200);
    CHECK(settle());
    const char *got = uart_text();
    CHECK(strncmp(got, "[b] ppp", 7) == 0);
    CHECK(strlen(got) > 1000 && strlen(got) < 1200);
    put(3, "between\n");
    CHECK_TEXT("\r\n[c] between\r\n");
    put(2, "\n");
    CHECK(settle());
    got = uart_text();
    CHECK(strncmp(got, "[b]+ ppp", 8) == 0);
    CHECK(strcmp(got + strlen(got) - 3, "p\r\n") == 0);
    put(1, text); /* the keyboard's voice too */
    CHECK(settle());
    got = uart_text();
    CHECK(strncmp(got, "[a] ppp", 7) == 0);
    CHECK(strlen(got) > 1000 && strlen(got) < 1200);
    put(1, "\n");
    CHECK(settle());
    CHECK(strncmp(uart_text(), "ppp", 3) == 0);
}

static void full_uart_continues_by_interrupt(void)
{
    atomic_store(&uart_credit, 6);
    put(2, "0123456789\n");
    CHECK_TEXT("[b] 01");
    CHECK(atomic_load(&uart_tx_interrupt));
    atomic_store(&uart_credit, 4);
    interrupt();
    CHECK_TEXT("2345");
    CHECK(atomic_load(&uart_tx_interrupt));
    atomic_store(&uart_credit, UINT32_MAX);
    interrupt();
    CHECK_TEXT("6789\r\n");
    CHECK(!atomic_load(&uart_tx_interrupt));
}

static void full_ring_refuses_and_notifies(void)
{
    static char line[3000];

    memset(line, 'f', sizeof(line) - 1);
    atomic_store(&uart_credit, 0);
    CHECK(console_room(2));
    uint32_t taken = put(2, line); /* a ring full, and what is staged behind it */
    CHECK(taken >= 2048 && taken < 2048 + 192);
    CHECK(!console_room(2));
    CHECK(console_room(3));
    notified = 0;
    atomic_store(&uart_credit, 300);
    (void)settle();
    CHECK_EQ(atomic_load(&uart_credit), 0);
    CHECK_EQ(notified, 0); /* not half empty yet */
    CHECK(console_room(2));
    atomic_store(&uart_credit, UINT32_MAX);
    CHECK(settle());
    CHECK_EQ(notified, 1u << 2);
    put(2, "\n");
    CHECK(settle());
    CHECK_EQ(strlen(uart_text()), 4 + taken + 2);
}

#define SHARE 16u

/* 10 lines in voice 3's ring, the UART ready to take all of them at once. */
static void back_up(void)
{
    char line[101];

    memset(line, 's', 99);
    line[99] = '\n';
    line[100] = '\0';
    atomic_store(&uart_credit, 0);
    for (unsigned i = 0; i < 10; i++) {
        CHECK_EQ(put(3, line), 100);
    }
    atomic_store(&uart_credit, UINT32_MAX);
    uart_text();
}
#define BACKED_UP (10u * (4 + 99 + 2))

/* No CPU sends for others without end; the log sends as much as it says, too. */
static void drainers_share(void)
{
    back_up();
    put(2, "x\n");
    CHECK_EQ(strlen(uart_text()), SHARE);
    CHECK(atomic_load(&uart_tx_interrupt));
    console_write("log\n", 4);
    CHECK_EQ(strlen(uart_text()), SHARE + 4);
    CHECK(settle());
    CHECK_EQ(strlen(uart_text()), BACKED_UP + 4 + 1 + 2 + 5 + 3 + 2 - (2 * SHARE + 4));
}

/* A UART that is always ready would interrupt the guest of its CPU without end: there are pauses,
 * which nobody else's output ends.  Meanwhile each character that is put sends a share. */
static void interrupts_pause(void)
{
    back_up();
    put(2, "x\n");
    uart_text();
    CHECK(atomic_load(&uart_tx_interrupt));
    CHECK(console_interrupt(notify, NULL));
    CHECK_EQ(strlen(uart_text()), SHARE);
    CHECK(!atomic_load(&uart_tx_interrupt));
    put(2, "y\n");
    CHECK_EQ(strlen(uart_text()), 2 * SHARE);
    CHECK(!atomic_load(&uart_tx_interrupt));
    CHECK(console_interrupt(notify, NULL));
    CHECK_EQ(strlen(uart_text()), SHARE);
    atomic_store(&uart_credit, 3);
    CHECK(!console_interrupt(notify, NULL)); /* full: its own interrupt comes when it takes more */
    CHECK_EQ(strlen(uart_text()), 3);
    CHECK(atomic_load(&uart_tx_interrupt));
    atomic_store(&uart_credit, UINT32_MAX);
    CHECK(settle());
    uart_text();
}

/* Where the UART takes all that comes. */
static void voices_keep_their_order(void)
{
    static const char expected[] = "[b] a line that is longer than a share\r\n"
                                   "[c] another line, longer than a share\r\n"
                                   "[hv] a line of the log, longer than a share\r\n";
    char want[4 * sizeof(expected)] = "";

    for (unsigned i = 0; i < 4; i++) {
        put(2, "a line that is longer than a share\n");
        interrupt();
        put(3, "another line, longer than a share\n");
        log_line(LOG_INFO, "a line of the log, longer than a share");
        strcat(want, expected);
    }
    CHECK_TEXT(want);
}

static void lost_log_lines_are_told(void)
{
    atomic_store(&uart_credit, 0);
    for (unsigned i = 0; i < 2 * LOG_RING_SIZE / 200; i++) {
        log_line(LOG_INFO, "%200u", i);
    }
    atomic_store(&uart_credit, UINT32_MAX);
    console_flush();
    const char *got = uart_text();
    CHECK(strstr(got, "[hv] (log lines were lost here)\r\n") != NULL);
    CHECK(strstr(got, "                 15\r\n") != NULL);
    CHECK(strstr(got, "                 39\r\n") == NULL);
    log_line(LOG_INFO, "%300u", 5u); /* longer than a line may be: cut */
    CHECK(settle());
    CHECK_EQ(strlen(uart_text()), 5 + 255 + 2);
}

static void flush_ends_unfinished_lines(void)
{
    put(2, "unfinished");
    CHECK_TEXT("");
    console_flush();
    CHECK_TEXT("[b] unfinished\r\n");
    put(2, "rest\n");
    CHECK_TEXT("[b]+ rest\r\n");
}

/* In a child, because it is for good. */
static void in_child(void (*body)(void))
{
    int status = 0;
    pid_t child = fork();

    if (child == 0) {
        atomic_store(&check_failures, 0);
        body();
        _exit(test_result());
    }
    CHECK(waitpid(child, &status, 0) == child);
    CHECK_EQ(status, 0);
}

static void seize(void)
{
    atomic_store(&uart_credit, 3);
    put(2, "cut off\n");
    for (unsigned i = 0; i < 5; i++) { /* more than is staged at a time */
        log_line(LOG_INFO, "%60u", i);
    }
    log_line(LOG_INFO, "before");
    uart_text();
    atomic_store(&uart_credit, UINT32_MAX);
    CHECK(atomic_load(&uart_tx_interrupt));
    CHECK(console_seize());
    CHECK(!atomic_load(&uart_tx_interrupt));
    CHECK(!console_seize());
    console_write_seized("panic\n", 6);
    console_write("others\n", 7);
    const char *text = uart_text();
    CHECK(strncmp(text, " cut off\r\n[hv]   ", 16) == 0);
    CHECK_EQ(strlen(text), 10 + 5 * (5 + 60 + 2) + 13 + 12);
    CHECK(strstr(text, " 4\r\n[hv] before\r\n[hv] panic\r\n") != NULL);
    CHECK_EQ(console_put(1, 'x'), CONSOLE_TAKEN);
    CHECK(!tick());
    CHECK(console_room(3));
    uart_type("x");
    interrupt();
    CHECK_EQ(console_get(1), UINT64_MAX);
    CHECK_TEXT("");
}

static void release(void)
{
    put(1, "to be seen");
    put(2, "this too");
    console_release();
    CHECK_TEXT("[a] to be seen\r\n[b] this too\r\n");
    atomic_store(&uart_touched, false);
    log_line(LOG_ERROR, "vanishes");
    CHECK_EQ(console_put(1, 'x'), CONSOLE_TAKEN);
    CHECK(!tick());
    CHECK(console_room(1));
    interrupt();
    console_flush();
    CHECK(console_seize());
    console_write_seized("panic\n", 6);
    console_write("others\n", 7);
    CHECK_TEXT("");
    CHECK(!atomic_load(&uart_touched));
}

static void seized_for_good(void)
{
    in_child(seize);
}

static void released_for_good(void)
{
    in_child(release);
}

int main(void)
{
    console_init();
    TEST(long_lines_come_in_pieces);
    TEST(full_uart_continues_by_interrupt);
    TEST(full_ring_refuses_and_notifies);
    TEST(drainers_share);
    TEST(interrupts_pause);
    TEST(voices_keep_their_order);
    TEST(lost_log_lines_are_told);
    TEST(flush_ends_unfinished_lines);
    TEST(seized_for_good);
    TEST(released_for_good);
    return test_result();
}
