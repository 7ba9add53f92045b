/* SPDX-License-Identifier: Apache-2.0 */
/* sources: vdev/trace.c vdev/trace_print.c vdev/dispatch.c platform/format.c arch/fake/[a-z]*.c */
#include "arch/fake/fake.h"
#include "platform/log.h"
#include "tests/unit/check.h"
#include "vdev/trace.h"
#include "vdev/vdev.h"

#include <stdarg.h>
#include <string.h>

#define DEPTH CONFIG_TRACE_DEPTH

static const struct mmio_row mmio[] = {
    { .base = GPA(0x1000), .size = 0x1000 },
    { .base = GPA(0x3000), .size = 0x1000 },
};
static const struct port_row ports[] = { { .base = 0x70, .size = 2 } };
static const struct sysreg_row sysregs[] = { { .encoding = 5 }, { .encoding = 9 } };
const struct vm_row vm_rows[VM_COUNT] = { [1] = { .mmio = mmio,
                                                  .mmio_count = 2,
                                                  .port = ports,
                                                  .port_count = 1,
                                                  .sysreg = sysregs,
                                                  .sysreg_count = 2 } };
static const char *const mmio_names[] = { "near", "far" };
static const char *const port_names[] = { "clock" };
static const char *const sysreg_names[] = { "FIVE", "NINE" };
const struct name_row name_rows[VM_COUNT] = { [1] = { mmio_names, port_names, sysreg_names } };
const char *const irq_names[IRQ_NAME_COUNT] = { [27] = "virtual timer" };

static struct vcpu vcpu = { .vm = 1, .vm_row = &vm_rows[1], .index = 2 };
static struct trace_vcpu *const own = &trace.vcpus[2];

static char said[64][128];
static uint32_t lines;

void log_line(enum log_level level, const char *format, ...)
{
    va_list args;

    CHECK_EQ(level, LOG_ERROR);
    va_start(args, format);
    (void)vsnprintf(said[lines++ % 64], sizeof(said[0]), format, args);
    va_end(args);
}

static bool heard(const char *words)
{
    for (uint32_t n = 0; n < lines; n++) {
        if (strstr(said[n], words) != NULL) {
            return true;
        }
    }
    return false;
}

static void setup(void)
{
    fake_reset();
    memset(&trace, 0, sizeof(trace));
    memset(&vcpu.arch, 0, sizeof(vcpu.arch));
    lines = 0;
    atomic_store(&fake_time, 1000);
    trace_run_begin(&vcpu);
}

/* One exit that takes `cost` ticks. */
static void exit_of(struct exit exit, uint64_t cost)
{
    trace_exit(&vcpu, &exit);
    atomic_fetch_add(&fake_time, cost);
    trace_resume(&vcpu, &exit);
    atomic_fetch_add(&fake_time, 1000);
}

static struct exit access(uint64_t gpa, bool write, uint64_t value)
{
    return (struct exit){
        .kind = EXIT_MMIO,
        .access = { .gpa = GPA(gpa), .size = 4, .write = write, .value = value, .reg = 3 }
    };
}

static void an_exit_is_recorded_with_its_cost(void)
{
    setup();
    exit_of(access(0x3004, true, 0x55), 7);
    const struct trace_record *record = &own->records[0];

    CHECK_EQ(atomic_load(&own->count), 1);
    CHECK_EQ(record->start, 1000);
    CHECK_EQ(record->cost, 7);
    CHECK_EQ(record->address, 0x3004);
    CHECK_EQ(record->value, 0x55);
    CHECK_EQ(record->row, 1);
    CHECK(record->write && record->kind == EXIT_MMIO);
    CHECK_EQ(atomic_load(&trace.vcpus[0].count), 0);
}

static void a_read_is_recorded_with_what_it_gave(void)
{
    setup();
    vcpu.arch.x[3] = 0x99;
    exit_of(access(0x1000, false, 0), 1);
    exit_of((struct exit){ .kind = EXIT_SYSREG, .sysreg = { .encoding = 9, .reg = 3 } }, 1);
    CHECK_EQ(own->records[0].value, 0x99);
    CHECK_EQ(own->records[1].value, 0x99);
    CHECK_EQ(own->records[1].row, 1);
}

static void counters_are_by_kind_and_row(void)
{
    setup();
    exit_of(access(0x1000, true, 0), 10);
    exit_of(access(0x1008, true, 0), 30);
    exit_of(access(0x3000, true, 0), 5);
    exit_of(access(0x9000, true, 0), 1); /* nothing there */
    exit_of((struct exit){ .kind = EXIT_PORT, .port = { .port = 0x71, .size = 1 } }, 2);
    exit_of((struct exit){ .kind = EXIT_SYSREG, .sysreg = { .encoding = 9 } }, 4);
    exit_of((struct exit){ .kind = EXIT_SYSREG, .sysreg = { .encoding = 6 } }, 4);
    CHECK_EQ(own->kinds[EXIT_MMIO].count, 4);
    CHECK_EQ(own->kinds[EXIT_MMIO].cost, 46);
    CHECK_EQ(own->kinds[EXIT_MMIO].most, 30);
    CHECK_EQ(own->mmio[0].count, 2);
    CHECK_EQ(own->mmio[0].cost, 40);
    CHECK_EQ(own->mmio[1].count, 1);
    CHECK_EQ(own->port[0].cost, 2);
    CHECK_EQ(own->sysreg[0].count, 0);
    CHECK_EQ(own->sysreg[1].count, 1);
    CHECK_EQ(own->kinds[EXIT_SYSREG].count, 2);
}

static void the_newest_records_are_kept(void)
{
    setup();
    for (uint64_t n = 0; n < DEPTH + 3; n++) {
        exit_of(access(0x1000, true, n), 1);
    }
    CHECK_EQ(atomic_load(&own->count), DEPTH + 3);
    CHECK_EQ(own->records[2].value, DEPTH + 2);
    CHECK_EQ(own->records[3].value, 3);
    CHECK_EQ(own->kinds[EXIT_MMIO].count, DEPTH + 3);
}

/* The tool copies what is counted: a record that is being written is not. */
static void an_open_record_does_not_count(void)
{
    struct exit exit = access(0x1000, true, 0);

    setup();
    trace_exit(&vcpu, &exit);
    CHECK_EQ(atomic_load(&own->count), 0);
    CHECK(own->open);
    trace_resume(&vcpu, &exit);
    trace_resume(&vcpu, &exit); /* as the next run begins */
    CHECK_EQ(atomic_load(&own->count), 1);
    CHECK_EQ(own->kinds[EXIT_MMIO].count, 1);
}

static void interrupts_are_those_that_were_taken(void)
{
    struct exit exit = { .kind = EXIT_IRQ };
    struct exit other = access(0x1000, true, 1);

    setup();
    trace_irq(&vcpu, 27); /* while no guest ran */
    trace_irq(NULL, 27);
    trace_exit(&vcpu, &exit);
    trace_irq(&vcpu, 33);
    trace_resume(&vcpu, &exit);
    trace_exit(&vcpu, &other);
    trace_irq(&vcpu, 27); /* in another exit */
    trace_resume(&vcpu, &other);
    CHECK_EQ(own->records[0].address, 33);
    CHECK_EQ(own->records[1].address, 0x1000);
}

static void runs_are_recorded(void)
{
    setup();
    CHECK_EQ(trace.hz, 1000000);
    CHECK_EQ(own->run_start, 1000);
    atomic_store(&fake_time, 5000);
    trace_run_end(&vcpu, VCPU_END_RESET);
    CHECK_EQ(own->run_start, 0);
    CHECK_EQ(own->records[0].kind, TRACE_RUN);
    CHECK_EQ(own->records[0].start, 1000);
    CHECK_EQ(own->records[0].value, 5000);
    CHECK_EQ(own->records[0].address, VCPU_END_RESET);
}

static void long_costs_saturate(void)
{
    setup();
    exit_of(access(0x1000, true, 0), UINT64_C(1) << 40);
    CHECK_EQ(own->records[0].cost, UINT32_MAX);
    CHECK_EQ(own->kinds[EXIT_MMIO].cost, UINT64_C(1) << 40);
}

static void the_last_exits_in_words(void)
{
    setup();
    exit_of(access(0x3004, true, 0x55), 1);
    vcpu.arch.x[3] = 0x12;
    exit_of((struct exit){ .kind = EXIT_SYSREG, .sysreg = { .encoding = 5, .reg = 3 } }, 1);
    exit_of((struct exit){ .kind = EXIT_SYSREG, .sysreg = { .encoding = 77, .write = true } }, 1);
    vcpu.arch.x[0] = 0xc4000003;
    exit_of((struct exit){ .kind = EXIT_CALL }, 1);
    exit_of(access(0x9000, false, 0), 1);
    exit_of((struct exit){ .kind = EXIT_PORT, .port = { .port = 0x70, .write = true } }, 1);
    trace_print(&vcpu, LOG_ERROR);
    CHECK_EQ(lines, 7);
    CHECK(heard("its last 6 exits of 6"));
    CHECK(heard(": wrote 0x55 to far + 0x4"));
    CHECK(heard(": read 0x12 from FIVE"));
    CHECK(heard(": wrote 0 to S77"));
    CHECK(heard(": call 0xc4000003 PSCI_CPU_ON gave 3288334339")); /* as nobody answered */
    CHECK(heard(": read 0x12 from nothing at 0x9000"));
    CHECK(heard(": wrote 0 to clock at port 0x70"));
}

static void interrupts_and_faults_in_words(void)
{
    struct exit exit = { .kind = EXIT_IRQ };

    setup();
    trace_exit(&vcpu, &exit);
    trace_irq(&vcpu, 27);
    trace_resume(&vcpu, &exit);
    trace_exit(&vcpu, &exit);
    trace_irq(&vcpu, 40); /* beyond the names */
    trace_resume(&vcpu, &exit);
    exit_of((struct exit){ .kind = EXIT_ABORT, .fault = { .gpa = GPA(0x77) } }, 1);
    exit_of((struct exit){ .kind = EXIT_IDLE }, 1);
    trace_run_end(&vcpu, VCPU_END_OFF);
    trace_print(&vcpu, LOG_ERROR);
    CHECK(heard(": interrupt 27 (virtual timer)"));
    CHECK(heard(": interrupt 40 (nobody's)"));
    CHECK(heard(": abort at 0x77"));
    CHECK(heard(": idle at 0"));
    CHECK(heard(": stopped; had run for 2002"));
}

int main(void)
{
    TEST(an_exit_is_recorded_with_its_cost);
    TEST(a_read_is_recorded_with_what_it_gave);
    TEST(counters_are_by_kind_and_row);
    TEST(the_newest_records_are_kept);
    TEST(an_open_record_does_not_count);
    TEST(interrupts_are_those_that_were_taken);
    TEST(runs_are_recorded);
    TEST(long_costs_saturate);
    TEST(the_last_exits_in_words);
    TEST(interrupts_and_faults_in_words);
    return test_result();
}
