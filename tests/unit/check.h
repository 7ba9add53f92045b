/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_UNIT_CHECK_H
#define TESTS_UNIT_CHECK_H

/*
 * A unit test is a program: main() calls TEST(function) for each case and returns test_result().
 * A failing check prints file:line and both values and goes on; the process then ends with 1.
 */

#include <inttypes.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* One for the whole program, whichever of its files checks: weak, as each of them defines it. */
extern _Atomic unsigned check_failures;
__attribute__((weak)) _Atomic unsigned check_failures;

static inline bool check_report(bool good, const char *file, int line, const char *what)
{
    if (!good && atomic_fetch_add(&check_failures, 1) < 50) {
        fprintf(stderr, "%s:%d: %s\n", file, line, what);
    }
    return good;
}

static inline bool check_equal(uint64_t got, uint64_t want, const char *file, int line,
                               const char *what)
{
    if (got != want && atomic_fetch_add(&check_failures, 1) < 50) {
        fprintf(stderr, "%s:%d: %s: %#" PRIx64 ", expected %#" PRIx64 "\n", file, line, what, got,
                want);
    }
    return got == want;
}

#define CHECK(condition) check_report((condition), __FILE__, __LINE__, #condition)
#define CHECK_EQ(got, want) check_equal((uint64_t)(got), (uint64_t)(want), __FILE__, __LINE__, #got)
#define TEST(function) (fprintf(stderr, "test: %s\n", #function), (function)())

static inline int test_result(void)
{
    unsigned failures = atomic_load(&check_failures);

    fprintf(stderr, failures == 0 ? "ok\n" : "%u checks failed\n", failures);
    return failures == 0 ? 0 : 1;
}

#endif
