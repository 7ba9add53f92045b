/* SPDX-License-Identifier: Apache-2.0 */
/* sources: platform/format.c */
#include "platform/format.h"
#include "tests/unit/check.h"

#include <limits.h>
#include <string.h>

/* The host's printf says what is right. */
#define SAME(...)                                                                                  \
    do {                                                                                           \
        char got[128];                                                                             \
        char want[128];                                                                            \
        int length = snprintf(want, sizeof(want), __VA_ARGS__);                                    \
        CHECK_EQ(format_text(got, sizeof(got), __VA_ARGS__), length);                              \
        CHECK(strcmp(got, want) == 0);                                                             \
    } while (0)

static void test_numbers(void)
{
    SAME("%u %u %u", 0u, 7u, UINT_MAX);
    SAME("%d %d %d %d", 0, -1, INT_MAX, INT_MIN);
    SAME("%x %#x %#x", 0xabcu, 0xabcu, 0u);
    SAME("%lu %lx %ld", ULONG_MAX, ULONG_MAX, LONG_MIN);
    SAME("%llu %llx %#llx %lld", ULLONG_MAX, ULLONG_MAX, ULLONG_MAX, LLONG_MIN);
    SAME("%u%%%u", 12u, 34u);
}

static void test_fields(void)
{
    SAME("[%5u][%-5u][%05u][%2u]", 42u, 42u, 42u, 12345u);
    SAME("[%8x][%08x][%#8x][%#08x]", 0xbeefu, 0xbeefu, 0xbeefu, 0xbeefu);
    SAME("[%6d][%06d][%-6d]", -42, -42, -42);
    SAME("[%016llx][%10llu]", 0x123456789abcull, 99ull);
    SAME("[%8s][%-8s][%.3s][%8.3s][%.0s]", "words", "words", "words", "words", "words");
    SAME("[%c][%3c][%-3c]", 'x', 'y', 'z');
}

static void test_strings_without_end(void)
{
    static const char two[2] = { 'a', 'b' };

    SAME("%.2s", two);
}

static void test_cut(void)
{
    for (size_t room = 1; room < 16; room++) {
        char got[16];
        char want[16];

        memset(got, '~', sizeof(got));
        (void)snprintf(want, room, "%d is %s", 1234, "a number");
        CHECK_EQ(format_text(got, room, "%d is %s", 1234, "a number"), strlen(want));
        CHECK(strcmp(got, want) == 0);
        CHECK(got[room] == '~' || room == sizeof(got));
    }
}

static size_t format_unchecked(char *to, size_t room, const char *format, ...)
{
    va_list args;

    va_start(args, format);
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wformat-nonliteral"
    size_t size = format_args(to, room, format, args);
#pragma clang diagnostic pop
    va_end(args);
    return size;
}

static void test_unknown(void)
{
    char got[32];

    format_unchecked(got, sizeof(got), "%5q %u %", 7u);
    CHECK(strcmp(got, "%5q 7 %") == 0);
}

int main(void)
{
    TEST(test_numbers);
    TEST(test_fields);
    TEST(test_strings_without_end);
    TEST(test_cut);
    TEST(test_unknown);
    return test_result();
}
