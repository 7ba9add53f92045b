/* SPDX-License-Identifier: Apache-2.0 */
/* sources: vdev/trace.c vdev/trace_print.c vdev/dispatch.c platform/format.c arch/fake/[a-z]*.c */
#include "arch/fake/fake.h"
#include "platform/log.h"
#include "tests/unit/check.h"
#include "vdev/trace.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* One CPU writes its exits while another tells them. */

#define EXITS 200000u
#define LOOKS 200u

const struct vm_row vm_rows[VM_COUNT] = { 0 };
const struct name_row name_rows[VM_COUNT] = { 0 };
const char *const irq_names[IRQ_NAME_COUNT] = { 0 };

static struct vcpu vcpu = { .vm = 1, .vm_row = &vm_rows[1], .index = 2 };
static uint32_t told;

/* A record is whole: "call 0xn unknown gave n". */
void log_line(enum log_level level, const char *format, ...)
{
    char line[128];
    va_list args;

    (void)level;
    va_start(args, format);
    (void)vsnprintf(line, sizeof(line), format, args);
    va_end(args);
    const char *call = strstr(line, "call ");
    unsigned function = 0;
    unsigned gave = 0;

    if (call != NULL) {
        CHECK_EQ(sscanf(call, "call %x unknown gave %u", &function, &gave), 2);
        CHECK_EQ(function, gave);
        told++;
    }
}

static void *writer(void *arg)
{
    struct exit exit = { .kind = EXIT_CALL };

    (void)arg;
    for (uint32_t n = 100; n < 100 + EXITS; n++) {
        arch_reg_set(&vcpu.arch, 0, n);
        trace_exit(&vcpu, &exit);
        trace_resume(&vcpu, &exit);
    }
    return NULL;
}

static void told_meanwhile(void)
{
    pthread_t other;

    pthread_create(&other, NULL, writer, NULL);
    for (uint32_t look = 0; look < LOOKS; look++) {
        trace_print(&vcpu, LOG_ERROR);
        trace_print_counters(&vcpu, LOG_ERROR);
    }
    pthread_join(other, NULL);
    told = 0;
    trace_print(&vcpu, LOG_ERROR);
    CHECK_EQ(told, CONFIG_TRACE_DEPTH - 1);
}

int main(void)
{
    fake_reset();
    TEST(told_meanwhile);
    return test_result();
}
