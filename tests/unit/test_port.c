/* SPDX-License-Identifier: Apache-2.0 */
/* sources: vdev/port.c vdev/dispatch.c vdev/guest_memory.c arch/fake/[a-z]*.c */
#include "arch/fake/fake.h"
#include "tests/unit/check.h"
#include "vdev/port.h"
#include "vdev/vdev.h"

#include <string.h>

/* Port I/O from the exit to the guest's registers and memory, as an x86 guest sees it. */

#define PAGE 4096u
#define FIFO 0x1f0u  /* 2 and 4 bytes wide: each read gives the next numbers */
#define BYTES 0x70u  /* two ports, one byte wide */
#define RAM 0x10000u /* GPA; three pages, then a hole, then one page of ROM */
#define ROM 0x20000u
#define INDEX_START (RAM + 100)

static struct {
    uint32_t next; /* the fifo's next number */
    uint32_t reads;
    uint32_t writes;
    uint32_t instance;
    uint8_t bytes[2];  /* what the byte-wide ports hold */
    uint32_t order[8]; /* what was written to the fifo, in order */
} device;

static uint64_t fifo_read(struct vcpu *vcpu, uint32_t instance, uint64_t offset, unsigned size)
{
    (void)vcpu;
    CHECK_EQ(offset, 0);
    device.reads++;
    device.instance = instance;
    return UINT64_C(0xfedcba9800000000) | (size == 2 ? 0xabcd0000 : 0) | device.next++;
}

static void fifo_write(struct vcpu *vcpu, uint32_t instance, uint64_t offset, unsigned size,
                       uint64_t value)
{
    (void)vcpu;
    (void)offset;
    (void)size;
    device.instance = instance;
    device.order[device.writes++ % 8] = (uint32_t)value;
    CHECK(value <= UINT32_MAX);
}

static uint64_t byte_read(struct vcpu *vcpu, uint32_t instance, uint64_t offset, unsigned size)
{
    (void)vcpu;
    (void)instance;
    CHECK_EQ(size, 1);
    return device.bytes[offset];
}

static void byte_write(struct vcpu *vcpu, uint32_t instance, uint64_t offset, unsigned size,
                       uint64_t value)
{
    (void)vcpu;
    (void)instance;
    CHECK_EQ(size, 1);
    CHECK(value <= 0xff);
    device.bytes[offset] = (uint8_t)value;
}

static const struct vdev_ops fifo_ops = {
    .name = "fifo",
    .sizes = 6,
    .read = fifo_read,
    .write = fifo_write,
};
static const struct vdev_ops byte_ops = {
    .name = "byte",
    .sizes = 1,
    .read = byte_read,
    .write = byte_write,
};

static const struct port_row ports[] = {
    { .base = BYTES, .size = 2, .ops = &byte_ops, .instance = 0 },
    { .base = FIFO, .size = 4, .ops = &fifo_ops, .instance = 7 },
};

static uint8_t ram[3 * PAGE];
static uint8_t rom[PAGE];
static struct ram_row ram_rows[2];
static struct vm_row vm = {
    .port = ports, .port_count = 2, .ram = ram_rows, .ram_count = 2, .name = "test"
};
const struct vm_row vm_rows[VM_COUNT];
static struct vcpu vcpu = { .vm_row = &vm };

static void setup(void)
{
    fake_reset();
    memset(&device, 0, sizeof(device));
    memset(&vcpu.arch, 0, sizeof(vcpu.arch));
    memset(ram, 0, sizeof(ram));
    ram_rows[0] = (struct ram_row){
        .gpa = GPA(RAM), .hpa = HPA((uintptr_t)ram), .size = sizeof(ram), .writable = true
    };
    ram_rows[1] = (struct ram_row){ .gpa = GPA(ROM), .hpa = HPA((uintptr_t)rom), .size = PAGE };
}

/* --- IN and OUT --- */

static uint64_t in(uint16_t port, uint8_t size, uint64_t accumulator)
{
    struct exit exit = { .kind = EXIT_PORT, .port = { .port = port, .size = size } };
    uint64_t pc = vcpu.arch.pc;

    vcpu.arch.x[FAKE_ACCUMULATOR] = accumulator;
    port_serve(&vcpu, &exit);
    CHECK_EQ(vcpu.arch.pc, pc + 4);
    return vcpu.arch.x[FAKE_ACCUMULATOR];
}

static void out(uint16_t port, uint8_t size, uint32_t value)
{
    struct exit exit = { .kind = EXIT_PORT,
                         .port = { .port = port, .size = size, .write = true, .value = value } };

    vcpu.arch.x[FAKE_ACCUMULATOR] = UINT64_C(0x1122334455667788);
    port_serve(&vcpu, &exit);
    CHECK_EQ(vcpu.arch.x[FAKE_ACCUMULATOR], UINT64_C(0x1122334455667788));
}

static void results_merge_by_width(void)
{
    const uint64_t before = UINT64_C(0x1122334455667788);

    setup();
    device.bytes[1] = 0xa5;
    device.next = 0x12345678;
    CHECK_EQ(in(BYTES + 1, 1, before), UINT64_C(0x11223344556677a5)); /* AL */
    CHECK_EQ(in(FIFO, 2, before), UINT64_C(0x1122334455665678));      /* AX */
    CHECK_EQ(in(FIFO, 4, before), 0x12345679);                        /* EAX */
    CHECK_EQ(device.instance, 7);
}

static void writes_are_masked(void)
{
    setup();
    out(BYTES, 1, 0xffffff42);
    CHECK_EQ(device.bytes[0], 0x42);
    out(FIFO, 2, 0xffff1234);
    out(FIFO, 4, 0xffff1234);
    CHECK_EQ(device.order[0], 0x1234);
    CHECK_EQ(device.order[1], 0xffff1234);
}

static void an_idle_bus_reads_as_ones(void)
{
    setup();
    CHECK_EQ(in(0x60, 1, 0), 0xff);
    CHECK_EQ(in(0x60, 2, 0), 0xffff);
    CHECK_EQ(in(0x60, 4, 0), 0xffffffff);
    CHECK_EQ(in(0xffff, 4, 0), 0xffffffff); /* beyond the last port */
    out(0x60, 4, 1);
    CHECK_EQ(in(FIFO, 1, 0), 0xff); /* a device that does not take a byte */
    CHECK_EQ(in(FIFO + 2, 1, 0), 0xff);
    out(FIFO, 1, 1);
    CHECK_EQ(device.reads + device.writes, 0);
}

/* The index and data ports of a real-time clock are often written by one OUT of a word. */
static void wide_accesses_split_where_no_device_is_wide(void)
{
    setup();
    out(BYTES, 2, 0x3412);
    CHECK_EQ(device.bytes[0], 0x12);
    CHECK_EQ(device.bytes[1], 0x34);
    CHECK_EQ(in(BYTES, 2, 0), 0x3412);
    CHECK_EQ(in(BYTES, 4, 0), 0xffff3412); /* half of it is an idle bus */
    CHECK_EQ(in(BYTES - 1, 2, 0), 0x12ff);
    device.next = 0x1234;
    CHECK_EQ(in(FIFO - 2, 4, 0), 0x1234ffff);
    CHECK_EQ(device.reads, 1);
    device.reads = 0;
    CHECK_EQ(in(BYTES + 1, 2, 0), 0xff34);
    CHECK_EQ(device.reads, 0);
}

/* --- INS and OUTS --- */

static bool serve_string(uint8_t size, bool write, bool down, uint64_t next)
{
    uint64_t index = vcpu.arch.x[FAKE_INDEX];
    uint64_t left = vcpu.arch.x[FAKE_COUNT];
    uint64_t room = down ? index % PAGE / size + 1 : (PAGE - index % PAGE) / size;
    uint32_t count = (uint32_t)(left < room ? left : room);
    struct exit exit = { .kind = EXIT_PORT,
                         .port = { .port = FIFO,
                                   .size = size,
                                   .write = write,
                                   .count = count == 0 ? 1 : count,
                                   .down = down,
                                   .gpa = GPA(index),
                                   .next = GPA(next) } };

    port_serve(&vcpu, &exit);
    return fake_calls(FAKE_CALL_INJECT) == 0;
}

/* Executes REP INS or OUTS until it is over; how many exits that took. */
static uint32_t rep(uint8_t size, bool write, bool down, uint64_t index, uint64_t count)
{
    uint32_t exits = 0;

    vcpu.arch.pc = 0x1000;
    vcpu.arch.x[FAKE_INDEX] = index;
    vcpu.arch.x[FAKE_COUNT] = count;
    while (vcpu.arch.pc == 0x1000) {
        CHECK_EQ(vcpu.arch.x[FAKE_COUNT] != 0, 1);
        CHECK(serve_string(size, write, down, 0));
        exits++;
    }
    CHECK_EQ(vcpu.arch.x[FAKE_COUNT], 0);
    CHECK_EQ(vcpu.arch.x[FAKE_INDEX], down ? index - count * size : index + count * size);
    return exits;
}

static uint32_t element(uint32_t n, uint8_t size)
{
    uint32_t value = 0;

    memcpy(&value, &ram[INDEX_START - RAM + n * size], size);
    return value;
}

static void rep_ins_fills_memory(void)
{
    setup();
    CHECK(rep(4, false, false, INDEX_START, 2000) > 30); /* some at a time, page after page */
    CHECK_EQ(device.reads, 2000);
    for (uint32_t n = 0; n < 2000; n++) {
        CHECK_EQ(element(n, 4), n);
    }
    CHECK_EQ(element(2000, 4), 0);
    CHECK_EQ(ram[INDEX_START - RAM - 1], 0);
}

static void rep_outs_gives_each_element(void)
{
    setup();
    for (uint8_t n = 0; n < 6; n++) {
        ram[INDEX_START - RAM + n] = (uint8_t)(n + 1);
    }
    CHECK_EQ(rep(2, true, false, INDEX_START, 3), 1);
    CHECK_EQ(device.writes, 3);
    CHECK_EQ(device.order[0], 0x0201);
    CHECK_EQ(device.order[2], 0x0605);
}

/* The first element has the highest address. */
static void down_goes_to_lower_addresses(void)
{
    setup();
    CHECK_EQ(rep(2, false, true, INDEX_START + 4, 3), 1);
    CHECK_EQ(element(2, 2), 0);
    CHECK_EQ(element(1, 2), 1);
    CHECK_EQ(element(0, 2), 2);
    CHECK_EQ(rep(2, true, true, INDEX_START + 4, 3), 1);
    CHECK_EQ(device.order[0], 0);
    CHECK_EQ(device.order[2], 2);
    CHECK(rep(2, false, true, RAM + 2 * PAGE, 600) > 4); /* over a page's first byte */
    CHECK_EQ(ram[2 * PAGE], 3);
    CHECK_EQ(ram[2 * PAGE - 2], 4);
}

/* In linear addresses its bytes are neighbours, in guest-physical ones not. */
static void an_element_crosses_a_page(void)
{
    setup();
    device.next = 0x44332211;
    vcpu.arch.x[FAKE_INDEX] = RAM + PAGE - 1;
    vcpu.arch.x[FAKE_COUNT] = 1;
    CHECK(serve_string(4, false, false, RAM + 2 * PAGE));
    CHECK_EQ(ram[PAGE - 1], 0x11);
    CHECK_EQ(ram[PAGE], 0);
    CHECK(memcmp(&ram[2 * PAGE], "\x22\x33\x44", 3) == 0);
    memcpy(&ram[2 * PAGE], "\x66\x77\x88", 3);
    vcpu.arch.x[FAKE_INDEX] = RAM + PAGE - 1;
    vcpu.arch.x[FAKE_COUNT] = 1;
    CHECK(serve_string(4, true, false, RAM + 2 * PAGE));
    CHECK_EQ(device.order[0], 0x88776611);
    setup();
    device.next = 0x4433;
    vcpu.arch.x[FAKE_INDEX] = RAM + PAGE - 1; /* one byte before it, one behind */
    vcpu.arch.x[FAKE_COUNT] = 1;
    CHECK(serve_string(2, false, false, RAM + 2 * PAGE));
    CHECK_EQ(ram[PAGE - 1], 0x33);
    CHECK_EQ(ram[2 * PAGE], 0x44);
    ram[2 * PAGE] = 0x55;
    vcpu.arch.x[FAKE_INDEX] = RAM + PAGE - 1;
    vcpu.arch.x[FAKE_COUNT] = 1;
    CHECK(serve_string(2, true, false, RAM + 2 * PAGE));
    CHECK_EQ(device.order[0], 0x5533);
}

/* Neither memory nor device sees anything of it. */
static void memory_that_is_none_gives_an_abort(void)
{
    static const struct {
        uint64_t index;
        bool write;
    } bad[] = { { RAM - 4, true },
                { RAM - 4, false },
                { RAM + 3 * PAGE, false },
                { ROM, false }, /* may be read, not written */
                { UINT64_MAX - 3, true } };

    for (uint32_t n = 0; n < sizeof(bad) / sizeof(bad[0]); n++) {
        setup();
        vcpu.arch.x[FAKE_INDEX] = bad[n].index;
        vcpu.arch.x[FAKE_COUNT] = 1;
        CHECK(!serve_string(4, bad[n].write, false, 0));
        CHECK(fake_called(FAKE_CALL_INJECT, ARCH_FAULT_ABORT, 0));
        CHECK_EQ(device.reads + device.writes, 0);
        CHECK_EQ(vcpu.arch.x[FAKE_COUNT], 1);
    }
    for (uint8_t size = 2; size <= 4; size *= 2) { /* what of the element lies behind the page */
        setup();
        vcpu.arch.x[FAKE_INDEX] = RAM + PAGE - 1;
        vcpu.arch.x[FAKE_COUNT] = 1;
        CHECK(!serve_string(size, false, false, ROM));
        CHECK_EQ(device.reads + ram[PAGE - 1], 0);
    }
    setup();
    CHECK_EQ(rep(4, true, false, ROM, 4), 1);
}

int main(void)
{
    TEST(results_merge_by_width);
    TEST(writes_are_masked);
    TEST(an_idle_bus_reads_as_ones);
    TEST(wide_accesses_split_where_no_device_is_wide);
    TEST(rep_ins_fills_memory);
    TEST(rep_outs_gives_each_element);
    TEST(down_goes_to_lower_addresses);
    TEST(an_element_crosses_a_page);
    TEST(memory_that_is_none_gives_an_abort);
    return test_result();
}
