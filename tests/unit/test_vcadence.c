/* SPDX-License-Identifier: Apache-2.0 */
/* sources: vdev/vcadence.c vdev/vuart.c vdev/vdev.c vdev/alarm.c arch/fake/[a-z]*.c
 * tests/unit/fixture/platform.c */
#include "arch/fake/fake.h"
#include "platform/console.h"
#include "tests/unit/check.h"
#include "vdev/vcadence.h"
#include "vdev/vgic.h"

#include <string.h>

#define CR 0x00
#define IER 0x08
#define IDR 0x0c
#define IMR 0x10
#define ISR 0x14
#define RTOR 0x1c
#define RTRIG 0x20
#define SR 0x2c
#define FIFO 0x30
#define SR_IDLE 0x0a /* nothing received, all sent */
#define INT_RTRIG 0x001
#define INT_TEMPTY 0x008
#define INT_TIMEOUT 0x100
#define INTID 33

static const struct mmio_row rows[] = {
    { .base = GPA(0x1000), .size = 0x1000, .ops = &vcadence_ops, .instance = 0 },
};
const struct vm_row vm_rows[VM_COUNT] = { { .vcpu_count = 2, .mmio = rows, .mmio_count = 1 } };
const struct vuart_row vuart_rows[VUART_COUNT] = { { .vm = 0, .intid = INTID, .voice = 1 } };

static char sent[256];
static uint32_t sent_size;
static uint32_t capacity;
static const char *typed;
static bool line;
static struct vcpu vcpu = { .vm_row = &vm_rows[0], .vm = 0 };

enum console_result console_put(uint32_t voice, char c)
{
    CHECK_EQ(voice, 1);
    if (sent_size >= capacity) {
        return CONSOLE_FULL;
    }
    sent[sent_size++] = c;
    return CONSOLE_TAKEN;
}

bool console_tick(uint32_t voice)
{
    (void)voice;
    return false;
}

bool console_room(uint32_t voice)
{
    (void)voice;
    return sent_size + CONSOLE_ROOM <= capacity;
}

int console_get(uint32_t voice)
{
    (void)voice;
    return *typed != '\0' ? (uint8_t)*typed++ : -1;
}

void vgic_set_line(struct vcpu *teller, uint32_t intid, bool high)
{
    (void)teller;
    CHECK_EQ(intid, INTID);
    CHECK(line != high);
    line = high;
}

static uint64_t get(uint64_t offset)
{
    return vcadence_ops.read(&vcpu, 0, offset, 4);
}

static void set(uint64_t offset, uint64_t value)
{
    vcadence_ops.write(&vcpu, 0, offset, 4, value);
}

static void setup(void)
{
    fake_reset();
    typed = "";
    capacity = 200;
    vdev_reset(&vm_rows[0]);
    memset(sent, 0, sizeof(sent));
    sent_size = 0;
    line = false;
}

/* UG1087, module UART. */
static void reset_values(void)
{
    setup();
    CHECK_EQ(get(CR), 0x128);
    CHECK_EQ(get(SR), SR_IDLE);
    CHECK_EQ(get(IMR) | get(ISR) | get(0x04) | get(RTOR), 0);
    CHECK_EQ(get(0x18), 0x28b);
    CHECK_EQ(get(RTRIG), 0x20);
    CHECK_EQ(get(0x34), 0xf);
    CHECK_EQ(get(0x44), 0x20);
    CHECK_EQ(get(0x28), 0xb0);
    CHECK_EQ(get(0xffc), 0);
}

static void registers_keep_their_bits(void)
{
    static const uint32_t kept[][2] = {
        { 0x00, 0x1bc }, { 0x04, 0x3fff }, { 0x18, 0xffff }, { 0x1c, 0xff }, { 0x20, 0x3f },
        { 0x24, 0x23 },  { 0x34, 0xff },   { 0x38, 0x3f },   { 0x44, 0x3f },
    };

    setup();
    for (unsigned i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
        set(kept[i][0], 0xffffffff);
        CHECK_EQ(get(kept[i][0]), kept[i][1]);
    }
    set(IER, 0xffffffff);
    CHECK_EQ(get(IMR), 0x3fff);
    CHECK_EQ(get(IER) | get(IDR), 0);
    set(IDR, 0x3ff0);
    CHECK_EQ(get(IMR), 0x000f);
    set(SR, 0);
    CHECK_EQ(get(SR), SR_IDLE);
    vcadence_ops.write(&vcpu, 0, FIFO + 1, 1, 'x'); /* no register there */
    CHECK_EQ(vcadence_ops.read(&vcpu, 0, RTRIG + 1, 1), 0);
    CHECK_EQ(sent_size, 0);
}

/* As Linux' driver does: forgets the event, sends, enables the interrupt, and ends by masking. */
static void transmit_interrupt(void)
{
    setup();
    set(ISR, INT_TEMPTY);
    set(FIFO, 'a');
    CHECK(!line);
    set(IER, INT_TEMPTY);
    CHECK(line);
    set(ISR, INT_TEMPTY);
    CHECK(!line);
    set(FIFO, 'b');
    CHECK(line);
    set(IDR, INT_TEMPTY);
    CHECK(!line);
    CHECK_EQ(get(ISR), INT_TEMPTY);
    CHECK(memcmp(sent, "ab", 3) == 0);
}

/* "Empty" promises a whole FIFO; a driver that then writes 64 without looking loses nothing. */
static void full_console_is_a_full_fifo(void)
{
    setup();
    set(IER, INT_TEMPTY);
    while ((get(SR) & 0x10) == 0) {
        set(FIFO, 'x');
    }
    CHECK_EQ(get(SR), 0x812); /* active, full, nothing received */
    CHECK(sent_size + 63 == capacity);
    set(ISR, INT_TEMPTY);
    CHECK(!line);
    vdev_poll(&vcpu);
    CHECK(!line);
    sent_size = 0;
    vdev_poll(&vcpu);
    CHECK(line);
    CHECK_EQ(get(SR), SR_IDLE);
    set(ISR, INT_TEMPTY);
    vdev_poll(&vcpu); /* told once */
    CHECK(!line);
}

static void receives(void)
{
    setup();
    set(IER, INT_RTRIG | INT_TIMEOUT);
    typed = "a";
    vdev_poll(&vcpu);
    CHECK(!line); /* neither the trigger level nor a timeout */
    CHECK_EQ(get(SR), 0x08);
    set(RTOR, 10);
    set(CR, 0x154); /* restart the timeout */
    CHECK_EQ(get(ISR), INT_TIMEOUT);
    CHECK(line);
    set(ISR, INT_TIMEOUT);
    CHECK(!line);
    set(RTRIG, 2);
    typed = "b";
    vdev_poll(&vcpu);
    CHECK_EQ(get(ISR), INT_RTRIG | INT_TIMEOUT);
    CHECK_EQ(get(SR), 0x09);
    set(ISR, 0x3fff);
    CHECK_EQ(get(FIFO), 'a');
    CHECK_EQ(get(FIFO), 'b');
    CHECK_EQ(get(FIFO), 0);
    CHECK_EQ(get(SR), SR_IDLE);
    CHECK(!line);
}

static void receive_fifo_is_64_deep(void)
{
    static const char text[] =
        "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ!#$%&";

    setup();
    typed = text;
    vdev_poll(&vcpu);
    CHECK_EQ(typed - text, 64);
    CHECK_EQ(get(SR), 0x0d); /* trigger, full */
    CHECK_EQ(get(ISR), 0x05);
    CHECK_EQ(get(FIFO), '0');
    CHECK_EQ(typed - text, 65); /* refilled by the read */
    set(CR, 0x15);              /* the reset of the receiver empties it, and reads as zero */
    CHECK_EQ(get(CR), 0x14);
    CHECK_EQ(get(FIFO), '%');
    CHECK_EQ(get(FIFO), '&');
    CHECK_EQ(get(SR), SR_IDLE);
}

/* The short way tells what SR reads, and declines while the console may make room by itself. */
static void short_way_agrees(void)
{
    const struct mmio_row row = { .ops = &vcadence_ops, .instance = 0 };

    setup();
    typed = "abc";
    vdev_poll(&vcpu);
    CHECK_EQ(vcadence_ops.fast_read(&vcpu, &row, SR, 4), (int64_t)get(SR));
    CHECK_EQ(vcadence_ops.fast_read(&vcpu, &row, FIFO, 4), -1);
    while ((get(SR) & 0x10) == 0) {
        set(FIFO, 'x');
    }
    CHECK_EQ(vcadence_ops.fast_read(&vcpu, &row, SR, 4), -1);
}

static void restart_begins_a_new_line(void)
{
    setup();
    set(FIFO, 'x');
    set(IER, 0x3fff);
    line = false; /* the vGIC forgets it with the VM */
    vdev_reset(&vm_rows[0]);
    CHECK(memcmp(sent, "x\n", 3) == 0);
    CHECK_EQ(get(IMR) | get(ISR), 0);
}

int main(void)
{
    TEST(reset_values);
    TEST(registers_keep_their_bits);
    TEST(transmit_interrupt);
    TEST(full_console_is_a_full_fifo);
    TEST(receives);
    TEST(receive_fifo_is_64_deep);
    TEST(short_way_agrees);
    TEST(restart_begins_a_new_line);
    return test_result();
}
