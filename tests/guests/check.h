/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GUESTS_CHECK_H
#define GUESTS_CHECK_H

/* PASS and FAIL lines of test guests; one CPU at a time. */

#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct checks {
    unsigned made;
    unsigned failed;
};
extern struct checks checks; /* defined where main() is */

static inline void check(const char *name, bool passed)
{
    checks.made++;
    checks.failed += passed ? 0u : 1u;
    printf("%s: %s\n", passed ? "PASS" : "FAIL", name);
}

static inline void check_equal(const char *name, uint64_t got, uint64_t wanted)
{
    checks.made++;
    if (got == wanted) {
        printf("PASS: %s\n", name);
    } else {
        checks.failed++;
        printf("FAIL: %s: got %#" PRIx64 ", wanted %#" PRIx64 "\n", name, got, wanted);
    }
}

/* What a call returned: a negative one is an error's number. */
static inline void check_status(const char *name, int64_t got, int64_t wanted)
{
    checks.made++;
    if (got == wanted) {
        printf("PASS: %s\n", name);
    } else {
        checks.failed++;
        printf("FAIL: %s: got %" PRId64 ", wanted %" PRId64 "\n", name, got, wanted);
    }
}

/* The last line, which a deployment expects as "done: 0 failed". */
static inline int check_end(void)
{
    printf("done: %u failed of %u\n", checks.failed, checks.made);
    return checks.failed != 0;
}

#endif
