/* SPDX-License-Identifier: Apache-2.0 */
/* sources: vdev/ivc.c vdev/guest_memory.c tests/unit/fixture/vcpus.c arch/fake/[a-z]*.c */
#include <stdarg.h>
#include <string.h>

#include "arch/fake/fake.h"
#include "platform/log.h"
#include "tests/unit/check.h"
#include "tests/unit/fixture/vcpus.h"
#include "vdev/ivc.h"
#include "vdev/notice.h"

/* VM 0, which calls know as 7, publishes key 0x33; VMs 1 and 2 may subscribe it.  Each VM has a
 * page of RAM at RAM_BASE, and the one behind it is the next VM's in the host; at ROM_BASE it may
 * only read it. */
#define RAM_BASE UINT64_C(0x40000000)
#define ROM_BASE UINT64_C(0x50000000)
#define PAGE 0x1000u
#define KEY 0x33u
#define PUBLISHER 7u
#define WINDOW(vm) (UINT64_C(0x60000000) + 0x10000000u * (vm))
#define SIZE UINT64_C(0x300001000)

static uint64_t host[VM_COUNT][PAGE / 8];

#define RAM(vm)                                                                                    \
    {                                                                                              \
        { .gpa = GPA(RAM_BASE),                                                                    \
          .hpa = { .addr = (uint64_t)host[vm] },                                                   \
          .size = PAGE,                                                                            \
          .writable = true },                                                                      \
        {                                                                                          \
            .gpa = GPA(ROM_BASE), .hpa = { .addr = (uint64_t)host[vm] }, .size = PAGE              \
        }                                                                                          \
    }
static const struct ram_row ram[VM_COUNT][2] = { RAM(0), RAM(1), RAM(2) };

const struct vm_row vm_rows[VM_COUNT] = {
    { .name = "a", .vcpu_first = 0, .vcpu_count = 2, .ram = ram[0], .ram_count = 2 },
    { .name = "b", .vcpu_first = 2, .vcpu_count = 1, .ram = ram[1], .ram_count = 2 },
    { .name = "c", .vcpu_first = 3, .vcpu_count = 3, .ram = ram[2], .ram_count = 2 },
};
const struct vcpu_row vcpu_rows[VCPU_COUNT] = {
    { .vm = 0 }, { .vm = 0 }, { .vm = 1 }, { .vm = 2 }, { .vm = 2 }, { .vm = 2 },
};
const struct channel_row channel_rows[CHANNEL_COUNT] = { { .name = "wide", .size = SIZE } };
const struct channel_peer_row channel_peer_rows[CHANNEL_PEER_COUNT] = {
    { .vm = 0, .window = GPA(WINDOW(0)), .writable = true },
    { .vm = 1, .window = GPA(WINDOW(1)) },
};
const struct ivc_row ivc_rows[IVC_COUNT] = {
    { .vm = 0, .peer = 0, .publishes = true, .publisher_id = PUBLISHER, .key = KEY },
    { .vm = 1, .peer = 1, .publisher_id = PUBLISHER, .key = KEY },
    { .vm = 2, .peer = 1, .publisher_id = PUBLISHER, .key = KEY },
};

#define BASE_SLOT (RAM_BASE + 0x100)
#define SIZE_SLOT (RAM_BASE + 0x108)

static char told[200]; /* the last notice */

bool notice_allowed(const struct vcpu *vcpu)
{
    (void)vcpu;
    return true;
}

void log_line(enum log_level level, const char *format, ...)
{
    va_list args;

    (void)level;
    va_start(args, format);
    (void)vsnprintf(told, sizeof(told), format, args);
    va_end(args);
}

static int64_t call(uint32_t vm, uint32_t function, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    const uint64_t args[4] = { a, b, c, d };

    return ivc_call(&vcpus[vm_rows[vm].vcpu_first], function, args);
}

static uint64_t *slot(uint32_t vm, uint64_t at)
{
    return &host[vm][(at - RAM_BASE) / 8];
}

static int64_t publish(uint64_t size)
{
    *slot(0, SIZE_SLOT) = size;
    return call(0, IVC_PUBLISH, KEY, BASE_SLOT, SIZE_SLOT, 0);
}

static int64_t subscribe(uint32_t vm)
{
    return call(vm, IVC_SUBSCRIBE, PUBLISHER, KEY, BASE_SLOT, SIZE_SLOT);
}

static void setup(void)
{
    fake_reset();
    fixture_vcpus_reset();
    memset(host, 0, sizeof(host));
    told[0] = '\0';
    for (uint32_t vm = 0; vm < VM_COUNT; vm++) {
        ivc_vm_reset(vm);
    }
}

static void publish_and_subscribe(void)
{
    setup();
    CHECK_EQ(publish(0x1000), 0);
    CHECK_EQ(*slot(0, BASE_SLOT), WINDOW(0));
    CHECK_EQ(*slot(0, SIZE_SLOT), SIZE);
    CHECK_EQ(subscribe(1), 0);
    CHECK_EQ(*slot(1, BASE_SLOT), WINDOW(1));
    CHECK_EQ(*slot(1, SIZE_SLOT), SIZE);
    CHECK_EQ(subscribe(2), 0);
    CHECK_EQ(call(1, IVC_UNSUBSCRIBE, PUBLISHER, KEY, 0, 0), 0);
    CHECK_EQ(call(0, IVC_UNPUBLISH, KEY, 0, 0, 0), 0);
}

/* Who has not published can't be subscribed; who has subscribed stays so. */
static void states(void)
{
    setup();
    CHECK_EQ(subscribe(1), IVC_BAD_STATE);
    CHECK_EQ(call(0, IVC_UNPUBLISH, KEY, 0, 0, 0), IVC_BAD_STATE);
    CHECK_EQ(publish(8), 0);
    CHECK_EQ(publish(8), IVC_BAD_STATE);
    CHECK_EQ(call(1, IVC_UNSUBSCRIBE, PUBLISHER, KEY, 0, 0), IVC_BAD_STATE);
    CHECK_EQ(subscribe(1), 0);
    CHECK_EQ(subscribe(1), IVC_BAD_STATE);
    CHECK_EQ(call(0, IVC_UNPUBLISH, KEY, 0, 0, 0), 0);
    CHECK_EQ(subscribe(2), IVC_BAD_STATE);
    CHECK_EQ(call(1, IVC_UNSUBSCRIBE, PUBLISHER, KEY, 0, 0), 0);
    CHECK_EQ(publish(8), 0);
    CHECK_EQ(subscribe(1), 0);
}

static void rights(void)
{
    setup();
    CHECK_EQ(publish(8), 0);
    CHECK_EQ(call(1, IVC_PUBLISH, KEY, BASE_SLOT, SIZE_SLOT, 0), IVC_UNKNOWN);
    CHECK_EQ(call(0, IVC_PUBLISH, KEY + 1, BASE_SLOT, SIZE_SLOT, 0), IVC_UNKNOWN);
    CHECK_EQ(call(0, IVC_PUBLISH, KEY | UINT64_C(1) << 32, BASE_SLOT, SIZE_SLOT, 0), IVC_UNKNOWN);
    CHECK_EQ(call(0, IVC_SUBSCRIBE, PUBLISHER, KEY, BASE_SLOT, SIZE_SLOT), IVC_UNKNOWN);
    CHECK_EQ(call(1, IVC_SUBSCRIBE, 0, KEY, BASE_SLOT, SIZE_SLOT), IVC_UNKNOWN);
    CHECK_EQ(call(1, IVC_SUBSCRIBE, PUBLISHER, KEY + 1, BASE_SLOT, SIZE_SLOT), IVC_UNKNOWN);
    CHECK_EQ(call(1, IVC_UNPUBLISH, KEY, 0, 0, 0), IVC_UNKNOWN);
    CHECK_EQ(call(0, IVC_UNSUBSCRIBE, PUBLISHER, KEY, 0, 0), IVC_UNKNOWN);
    CHECK_EQ(*slot(1, BASE_SLOT), 0);
}

static void pointers(void)
{
    static const uint64_t bad[] = { 0,
                                    8,
                                    RAM_BASE - 8,
                                    RAM_BASE - 1,
                                    RAM_BASE + PAGE,
                                    RAM_BASE + PAGE - 7,
                                    UINT64_MAX,
                                    UINT64_MAX - 7,
                                    ROM_BASE,
                                    WINDOW(0) };

    setup();
    CHECK_EQ(publish(8), 0);
    ivc_vm_reset(0);
    for (unsigned n = 0; n < sizeof(bad) / sizeof(bad[0]); n++) {
        memset(host, 0x5a, sizeof(host));
        CHECK_EQ(call(0, IVC_PUBLISH, KEY, bad[n], SIZE_SLOT, 0), IVC_BAD_POINTER);
        CHECK_EQ(call(0, IVC_PUBLISH, KEY, BASE_SLOT, bad[n], 0), IVC_BAD_POINTER);
        CHECK_EQ(call(1, IVC_SUBSCRIBE, PUBLISHER, KEY, bad[n], SIZE_SLOT), IVC_BAD_POINTER);
        CHECK_EQ(call(1, IVC_SUBSCRIBE, PUBLISHER, KEY, BASE_SLOT, bad[n]), IVC_BAD_POINTER);
        for (unsigned at = 0; at < sizeof(host) / 8; at++) {
            CHECK_EQ((&host[0][0])[at], UINT64_C(0x5a5a5a5a5a5a5a5a));
        }
    }
    CHECK_EQ(call(0, IVC_PUBLISH, KEY, SIZE_SLOT, SIZE_SLOT, 0), IVC_BAD_POINTER);
    CHECK_EQ(call(0, IVC_PUBLISH, KEY, SIZE_SLOT + 7, SIZE_SLOT, 0), IVC_BAD_POINTER);
    CHECK_EQ(call(0, IVC_PUBLISH, KEY, SIZE_SLOT, SIZE_SLOT + 7, 0), IVC_BAD_POINTER);
    CHECK_EQ(publish(8), 0); /* none of these has published */
}

/* The last bytes of the RAM will do, aligned or not. */
static void pointers_at_the_end(void)
{
    setup();
    *slot(0, RAM_BASE + PAGE - 8) = 8;
    CHECK_EQ(call(0, IVC_PUBLISH, KEY, RAM_BASE + PAGE - 17, RAM_BASE + PAGE - 8, 0), 0);
    CHECK_EQ(*slot(0, RAM_BASE + PAGE - 8), SIZE);
    CHECK_EQ(host[1][0], 0);
}

static void sizes(void)
{
    setup();
    CHECK_EQ(publish(0), IVC_BAD_SIZE);
    CHECK_EQ(publish(SIZE + 1), IVC_BAD_SIZE);
    CHECK_EQ(publish(UINT64_MAX), IVC_BAD_SIZE);
    CHECK_EQ(*slot(0, BASE_SLOT), 0);
    CHECK_EQ(publish(SIZE), 0);
}

static void restart_forgets_its_own(void)
{
    setup();
    CHECK_EQ(publish(8), 0);
    CHECK_EQ(subscribe(1), 0);
    ivc_vm_reset(1);
    CHECK_EQ(subscribe(1), 0);
    ivc_vm_reset(0);
    CHECK_EQ(subscribe(2), IVC_BAD_STATE);
    CHECK_EQ(call(1, IVC_UNSUBSCRIBE, PUBLISHER, KEY, 0, 0), 0);
    CHECK_EQ(publish(8), 0);
}

/* Each refusal says which call of which VM it was, and why; what is granted says nothing. */
static void refusals_are_told(void)
{
    setup();
    CHECK_EQ(subscribe(1), IVC_BAD_STATE);
    CHECK(strstr(told, "b: ") != NULL && strstr(told, "call 4 ") != NULL);
    CHECK(strstr(told, "not published yet") != NULL);
    CHECK_EQ(publish(0), IVC_BAD_SIZE);
    CHECK(strstr(told, "a: ") != NULL && strstr(told, "call 3 ") != NULL);
    CHECK(strstr(told, "the size is 0") != NULL);
    CHECK_EQ(call(0, IVC_PUBLISH, KEY, 0, SIZE_SLOT, 0), IVC_BAD_POINTER);
    CHECK(strstr(told, "not in writable RAM") != NULL);
    CHECK_EQ(call(0, IVC_UNSUBSCRIBE, PUBLISHER, KEY, 0, 0), IVC_UNKNOWN);
    CHECK(strstr(told, "call 6 ") != NULL && strstr(told, "no such channel") != NULL);
    setup();
    CHECK_EQ(publish(8), 0);
    CHECK_EQ(told[0], 0);
}

int main(void)
{
    TEST(publish_and_subscribe);
    TEST(states);
    TEST(rights);
    TEST(pointers);
    TEST(pointers_at_the_end);
    TEST(sizes);
    TEST(restart_forgets_its_own);
    TEST(refusals_are_told);
    return test_result();
}
