/* SPDX-License-Identifier: Apache-2.0 */
/* sources: vdev/notice.c arch/fake/[a-z]*.c */
#include "arch/fake/fake.h"
#include "tests/unit/check.h"
#include "vdev/notice.h"

#include <stdarg.h>
#include <string.h>

#define STRETCH (NOTICE_S * UINT64_C(1000000)) /* the fake clock counts microseconds */

const struct vm_row vm_rows[VM_COUNT] = { { .name = "one" } };
const struct vcpu_row vcpu_rows[VCPU_COUNT] = { { .index = 0 }, { .index = 1 } };
static struct vcpu first = { .vm_row = &vm_rows[0], .row = &vcpu_rows[0], .index = 0 };
static struct vcpu second = { .vm_row = &vm_rows[0], .row = &vcpu_rows[1], .index = 1 };

static uint32_t lines;
static char last[160];

void log_line(enum log_level level, const char *format, ...)
{
    va_list args;

    CHECK_EQ(level, LOG_WARN);
    va_start(args, format);
    (void)vsnprintf(last, sizeof(last), format, args);
    va_end(args);
    lines++;
}

static void flood(struct vcpu *vcpu, uint32_t count)
{
    for (uint32_t n = 0; n < count; n++) {
        notice(vcpu, "number %u", (unsigned)n);
    }
}

static void begin(void)
{
    fake_reset();
    lines = 0;
    first.arch.pc = 0x4000;
}

static void a_line_tells_who_and_where(void)
{
    begin();
    flood(&second, 1);
    CHECK_EQ(lines, 1);
    CHECK(strcmp(last, "one: vCPU 1 at pc 0: number 0") == 0);
    flood(&first, 1);
    CHECK(strcmp(last, "one: vCPU 0 at pc 0x4000: number 0") == 0);
}

static void a_flood_ends(void)
{
    begin();
    atomic_store(&fake_time, STRETCH); /* the last test's is over */
    flood(&first, 1000);
    CHECK_EQ(lines, NOTICE_MAX + 1);
    CHECK(strcmp(last, "one: vCPU 0: further such lines are left out for a while") == 0);
    atomic_fetch_add(&fake_time, STRETCH - 1);
    flood(&first, 1);
    CHECK_EQ(lines, NOTICE_MAX + 1);
    flood(&second, 1); /* the other vCPU's own */
    CHECK_EQ(lines, NOTICE_MAX + 2);
}

static void what_was_left_out_is_counted(void)
{
    atomic_fetch_add(&fake_time, 1);
    lines = 0;
    flood(&first, 1);
    CHECK_EQ(lines, 2);
    CHECK(strcmp(last, "one: vCPU 0 at pc 0x4000: number 0") == 0);
    flood(&first, NOTICE_MAX);
    CHECK_EQ(lines, NOTICE_MAX + 2); /* the last one tells of the silence */
}

int main(void)
{
    TEST(a_line_tells_who_and_where);
    TEST(a_flood_ends);
    TEST(what_was_left_out_is_counted);
    return test_result();
}
