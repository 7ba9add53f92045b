/* SPDX-License-Identifier: Apache-2.0 */
/* sources: vdev/console_keys.c vdev/vm.c vdev/trace.c vdev/trace_print.c vdev/dispatch.c
 *          platform/format.c arch/fake/[a-z]*.c */
/* defines: CONFIG_TRACE=1 */
#include <stdarg.h>
#include <string.h>

#include "arch/fake/fake.h"
#include "platform/console.h"
#include "platform/log.h"
#include "tests/unit/check.h"
#include "vdev/console_keys.h"
#include "vdev/trace.h"
#include "vdev/vm.h"

#define PREFIX "\x14" /* CONSOLE_KEY */
#define DEPTH CONFIG_TRACE_DEPTH

/* The console controls VMs 0 and 2. */
struct vcpu vcpus[VCPU_COUNT];
const struct vm_row vm_rows[VM_COUNT] = {
    { .name = "alpha", .vcpu_first = 0, .vcpu_count = 2, .console_control = true },
    { .name = "beta", .vcpu_first = 2, .vcpu_count = 1 },
    { .name = "gamma", .vcpu_first = 3, .vcpu_count = 3, .console_control = true },
};
const struct board_row board_row = { .name = "fixture" };
const char deployment_name[] = "keys";
const char deployment_hash[] = "0123456789abcdef";
const char build_tools[] = "a compiler";
const struct name_row name_rows[VM_COUNT];
const char *const irq_names[IRQ_NAME_COUNT];

static struct vcpu *asked; /* who got the last request */
static char said[4096];

void vcpu_request(struct vcpu *vcpu, uint32_t requests)
{
    CHECK_EQ(requests, VCPU_REQUEST_ORDER);
    asked = vcpu;
}

void log_line(enum log_level level, const char *format, ...)
{
    size_t used = strlen(said);
    va_list args;

    CHECK_EQ(level, LOG_INFO);
    va_start(args, format);
    (void)vsnprintf(said + used, sizeof(said) - used, format, args);
    va_end(args);
    strncat(said, "\n", sizeof(said) - strlen(said) - 1);
}

static bool heard(const char *words)
{
    bool found = strstr(said, words) != NULL;

    if (!found) {
        fprintf(stderr, "said:\n%s", said);
    }
    return found;
}

/* All of it was taken: nothing goes on to a guest. */
static void type(const char *keys)
{
    said[0] = '\0';
    while (*keys != '\0') {
        CHECK_EQ(console_keys_take(*keys++), UINT64_MAX);
    }
}

static uint32_t order_of(uint32_t vm)
{
    return atomic_load(&vms[vm].order);
}

static void setup(void)
{
    fake_reset();
    memset(vcpus, 0, sizeof(vcpus));
    memset(vms, 0, sizeof(vms));
    memset(&trace, 0, sizeof(trace));
    for (uint16_t vm = 0; vm < VM_COUNT; vm++) {
        for (uint16_t n = 0; n < vm_rows[vm].vcpu_count; n++) {
            vcpus[vm_rows[vm].vcpu_first + n].vm = vm;
            vcpus[vm_rows[vm].vcpu_first + n].vm_row = &vm_rows[vm];
            vcpus[vm_rows[vm].vcpu_first + n].index = (uint16_t)(vm_rows[vm].vcpu_first + n);
        }
        atomic_store(&vms[vm].state, VM_RUNNING);
    }
    atomic_store(&vms_left, VM_COUNT);
    asked = NULL;
}

static void other_keys_are_the_guests(void)
{
    setup();
    for (int c = 0; c < 256; c++) {
        if (c != CONSOLE_KEY) {
            CHECK_EQ(console_keys_take(c), c);
        }
    }
    type(PREFIX);
    CHECK_EQ(console_keys_take(CONSOLE_KEY), CONSOLE_KEY);
    CHECK_EQ(console_keys_take('r'), 'r');
    CHECK_EQ(strlen(said), 0);
    type(PREFIX);
    CHECK_EQ(console_keys_take('k'), CONSOLE_ESCAPE);
    CHECK_EQ(console_keys_take('k'), 'k');
}

static void orders(void)
{
    setup();
    type(PREFIX "r2");
    CHECK_EQ(order_of(2), VM_ORDER_RESTART);
    CHECK(asked == &vcpus[3]);
    type(PREFIX "x0");
    CHECK_EQ(order_of(0), VM_ORDER_STOP);
    CHECK(asked == &vcpus[0]);
    type(PREFIX "s0");
    CHECK(heard("alpha: not started: it is not off"));
    CHECK_EQ(order_of(0), VM_ORDER_STOP);
    CHECK_EQ(console_keys_take('0'), '0'); /* the command is over */
}

static void orders_to_what_is_off(void)
{
    setup();
    atomic_store(&vms[0].state, VM_OFF);
    atomic_store(&vms_left, 2);
    type(PREFIX "x0" PREFIX "r0");
    CHECK(heard("alpha: it is off: s starts it\nwhich VM?"));
    CHECK_EQ(order_of(0), VM_ORDER_NONE);
    CHECK(asked == NULL);
    type(PREFIX "s0");
    CHECK_EQ(order_of(0), VM_ORDER_START);
    CHECK_EQ(atomic_load(&vms_left), 3);
    CHECK(asked == &vcpus[0]);
}

static void not_controllable(void)
{
    const char *const commands[] = { PREFIX "r1", PREFIX "x1", PREFIX "s1" };

    setup();
    for (uint32_t n = 0; n < 6; n++) {
        atomic_store(&vms[1].state, n < 3 ? VM_RUNNING : VM_OFF);
        type(commands[n % 3]);
        CHECK(heard("beta: not controllable from the console"));
    }
    CHECK_EQ(order_of(1), VM_ORDER_NONE);
    CHECK(asked == NULL);
    CHECK_EQ(atomic_load(&vms_left), VM_COUNT);
}

static void keys_of_no_vm(void)
{
    const char keys[] = "39az\r \x14\x1d~";

    setup();
    for (uint32_t n = 0; n < sizeof(keys) - 1; n++) {
        const char typed[] = { CONSOLE_KEY, 'r', keys[n], '\0' };

        type(typed);
        CHECK(heard("no VM has that key: nothing done"));
    }
    CHECK(asked == NULL);
}

static void the_list(void)
{
    setup();
    atomic_store(&vcpus[0].power, VCPU_ON);
    atomic_store(&vms[0].starts, 3);
    atomic_store(&vms[0].crashes, 2);
    atomic_store(&vms[1].state, VM_OFF);
    atomic_store(&vms[1].last, VCPU_END_CRASH);
    atomic_store(&vms[2].state, VM_OFF);
    atomic_store(&vms[2].last, VCPU_END_OFF);
    type(PREFIX "l");
    CHECK(heard(" 0   alpha             running   1 of 2         3        2  yes\n"));
    CHECK(heard(" 1   beta              crashed   0 of 1         0        0  no\n"));
    CHECK(heard(" 2   gamma             off       0 of 3         0        0  yes\n"));
}

static void words(void)
{
    setup();
    type(PREFIX "h");
    CHECK(heard("Ctrl-T, then:"));
    CHECK(heard("its last exits"));
    type(PREFIX "Q"); /* unknown: the same */
    CHECK(heard("Ctrl-T, then:"));
    type(PREFIX "b");
    CHECK(heard(
        "deployment 'keys' for board fixture, build 0123456789abcdef\nbuilt with a compiler"));
    CHECK(asked == NULL);
}

static void idle_exits(const struct vcpu *vcpu, uint32_t count)
{
    const struct exit exit = { .kind = EXIT_IDLE };

    for (uint32_t n = 0; n < count; n++) {
        trace_exit(vcpu, &exit);
        trace_resume(vcpu, &exit);
    }
}

static void exits_of_others(void)
{
    setup();
    idle_exits(&vcpus[2], 3);
    type(PREFIX "e1");
    CHECK(heard("beta: vCPU 0:\n  its last 3 exits of 3"));
    CHECK(heard(": idle at 0"));
    type(PREFIX "c1");
    CHECK(heard("beta: vCPU 0:\n           3 idle, "));
    type(PREFIX "c0");
    CHECK(heard("alpha: vCPU 1:\n"));
}

static uint32_t lines_with(const char *words)
{
    uint32_t count = 0;

    for (const char *at = strstr(said, words); at != NULL; at = strstr(at + 1, words)) {
        count++;
    }
    return count;
}

/* The oldest record that is kept may just be overwritten: it is left out. */
static void a_record_that_is_overwritten(void)
{
    const struct exit exit = { .kind = EXIT_MMIO };

    setup();
    idle_exits(&vcpus[2], DEPTH);
    trace_exit(&vcpus[2], &exit);
    type(PREFIX "e1");
    CHECK_EQ(lines_with(": idle at 0"), DEPTH - 1);
    CHECK_EQ(lines_with(": read"), 0);
}

int main(void)
{
    TEST(other_keys_are_the_guests);
    TEST(orders);
    TEST(orders_to_what_is_off);
    TEST(not_controllable);
    TEST(keys_of_no_vm);
    TEST(the_list);
    TEST(words);
    TEST(exits_of_others);
    TEST(a_record_that_is_overwritten);
    return test_result();
}
