/* SPDX-License-Identifier: Apache-2.0 */
/* sources: platform/co*.c platform/[fklpsv]*[a-z].c tests/unit/fixture/uart.c */
#include "gen/rows.h"
#include "platform/console.h"
#include "platform/panic.h"
#include "tests/unit/check.h"
#include "tests/unit/fixture/uart.h"
#include <tables.h>

#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* A panic never returns: it happens in a child, whose UART the test sees. */

const struct console_voice_row console_voice_rows[CONSOLE_VOICE_COUNT] = {
    { .name = "hv", .vm = -1, .vuart = -1 },
    { .name = "a", .vm = 0, .vuart = 0 },
    { .name = "b", .vm = 1, .vuart = 1 },
    { .name = "c", .vm = 2, .vuart = 2 },
};

static uint32_t told; /* CPUs that panic_interrupt() interrupts */

uint32_t panic_interrupt(const _Atomic bool joined[])
{
    return joined[0] ? told : 0;
}

static bool has_vm; /* what panic_vm() tells */

void panic_vm(const _Atomic bool joined[])
{
    if (has_vm && joined[0]) {
        panic_line("  VM a");
    }
}

static void check_panic(void (*body)(void), const char *want)
{
    int pipe_ends[2];
    char got[1024] = "";
    size_t size = 0;

    CHECK_EQ(pipe(pipe_ends), 0);
    pid_t child = fork();
    if (child == 0) {
        uart_wire = pipe_ends[1];
        body();
        _exit(0);
    }
    close(pipe_ends[1]);
    while (size < strlen(want)) {
        ssize_t more = read(pipe_ends[0], got + size, sizeof(got) - 1 - size);
        if (more <= 0) {
            break;
        }
        size += (size_t)more;
    }
    if (strcmp(got, want) != 0) {
        fprintf(stderr, "got:\n%s\nexpected:\n%s\n", got, want);
    }
    CHECK(strcmp(got, want) == 0);
    int status = 0;
    CHECK_EQ(waitpid(child, &status, WNOHANG), 0); /* it stays where it is */
    kill(child, SIGKILL);
    CHECK(waitpid(child, &status, 0) == child);
    close(pipe_ends[0]);
}

static void early(void)
{
    panic("no RAM at %#x", 0x40000000u);
}

static void late(void)
{
    console_init();
    console_put(2, 'x');
    console_put(1, 'y');
    ASSERT(console_tick(1) && !console_tick(1));
    ASSERT(console_room(1));
    uart_stutters = true;
    panic("two\n  lines");
}

static void *other_cpu(void *arg)
{
    (void)arg;
    panic_check();
    return NULL;
}

/* The other one stops, as far as it can: then only who panics speaks. */
static void with_others(void)
{
    pthread_t other;

    console_init();
    panic_join(0);
    told = 2; /* and one of them never answers */
    panic_begin();
    pthread_create(&other, NULL, other_cpu, NULL);
    console_write("log\n", 4);
    CHECK_EQ(console_put(1, 'z'), CONSOLE_TAKEN);
    panic_line("first %u", 1u);
    panic_line("second");
    panic_end();
}

static void with_vm(void)
{
    console_init();
    has_vm = true;
    panic_join(0);
    panic("lost");
}

/* A panic on the way of a panic says no more. */
static void within_another(void)
{
    console_init();
    panic_begin();
    panic_line("first");
    panic("second");
}

enum { ASSERTION_LINE = __LINE__ + 5 };

static void failed_assertion(void)
{
    console_init();
    ASSERT(1 + 1 == 3);
}

static void early_panic(void)
{
    check_panic(early, "[hv] panic: no RAM at 0x40000000\r\n");
}

static void panic_cuts_in(void)
{
    check_panic(late, "[a] y\r\n[hv] panic: two\r\n[hv]   lines\r\n");
}

static void assertion_tells_where(void)
{
    char want[128];

    snprintf(want, sizeof(want), "[hv] panic: %s:%d: assertion failed: 1 + 1 == 3\r\n", __FILE__,
             ASSERTION_LINE);
    check_panic(failed_assertion, want);
}

static void others_say_nothing(void)
{
    check_panic(with_others, "[hv] first 1\r\n[hv] second\r\n");
}

static void the_vm_is_named(void)
{
    check_panic(with_vm, "[hv] panic: lost\r\n[hv]   VM a\r\n");
}

static void one_speaks(void)
{
    check_panic(within_another, "[hv] first\r\n");
}

int main(void)
{
    TEST(early_panic);
    TEST(panic_cuts_in);
    TEST(assertion_tells_where);
    TEST(others_say_nothing);
    TEST(the_vm_is_named);
    TEST(one_speaks);
    return test_result();
}
