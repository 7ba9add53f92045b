/* SPDX-License-Identifier: Apache-2.0 */
/* sources: vdev/vpl011.c vdev/vuart.c vdev/vdev.c vdev/alarm.c arch/fake/[a-z]*.c
 * tests/unit/fixture/platform.c
 */
#include "arch/fake/fake.h"
#include "platform/console.h"
#include "tests/unit/check.h"
#include "vdev/alarm.h"
#include "vdev/vgic.h"
#include "vdev/vpl011.h"

#include <string.h>

#define DR 0x000
#define FR 0x018
#define LCR_H 0x02c
#define CR 0x030
#define IMSC 0x038
#define RIS 0x03c
#define MIS 0x040
#define ICR 0x044
#define FR_EMPTY 0x90 /* RXFE, TXFE */
#define INT_RX 0x50   /* with the timeout */
#define INT_TX 0x20

/* VM 0 has two vCPUs and UARTs 0 and 1, VM 1 one of each. */
static const struct mmio_row rows[] = {
    { .base = GPA(0x1000), .size = 0x1000, .ops = &vpl011_ops, .instance = 0 },
    { .base = GPA(0x2000), .size = 0x1000, .ops = &vpl011_ops, .instance = 1 },
    { .base = GPA(0x1000), .size = 0x1000, .ops = &vpl011_ops, .instance = 2 },
};
const struct vm_row vm_rows[VM_COUNT] = {
    { .vcpu_count = 2, .mmio = &rows[0], .mmio_count = 2 },
    { .vcpu_count = 1, .mmio = &rows[2], .mmio_count = 1 },
};
const struct vuart_row vuart_rows[VUART_COUNT] = {
    { .vm = 0, .intid = 33, .voice = 1 },
    { .vm = 0, .intid = 40, .voice = 2 },
    { .vm = 1, .intid = 33, .voice = 3 },
};

/* --- The console and the vGIC as this test has them --- */

static char sent[CONSOLE_VOICE_COUNT][256];
static uint32_t sent_size[CONSOLE_VOICE_COUNT];
static uint32_t capacity;   /* of every voice */
static bool holds;          /* the console holds what is put */
static uint32_t more_ticks; /* how many it asks for */
static uint32_t ticks[CONSOLE_VOICE_COUNT];
static const char *typed[CONSOLE_VOICE_COUNT];
static bool lines[64];
static uint32_t line_changes;

enum console_result console_put(uint32_t voice, char c)
{
    if (sent_size[voice] >= capacity) {
        return CONSOLE_FULL;
    }
    sent[voice][sent_size[voice]++] = c;
    return holds && c != '\n' ? CONSOLE_HELD : CONSOLE_TAKEN;
}

bool console_tick(uint32_t voice)
{
    ticks[voice]++;
    return more_ticks > 0 && more_ticks-- > 0;
}

bool console_room(uint32_t voice)
{
    return sent_size[voice] + CONSOLE_ROOM <= capacity;
}

int console_get(uint32_t voice)
{
    return typed[voice] != NULL && *typed[voice] != '\0' ? (uint8_t)*typed[voice]++ : -1;
}

static struct vcpu alpha = { .vm_row = &vm_rows[0], .vm = 0 };
static struct vcpu beta = { .vm_row = &vm_rows[1], .vm = 1 };
static bool other_vcpu_clears; /* while this one is about to tell */

void vgic_set_line(struct vcpu *vcpu, uint32_t intid, bool high)
{
    (void)vcpu;
    if (other_vcpu_clears) {
        other_vcpu_clears = false;
        vpl011_ops.write(&alpha, 0, ICR, 4, INT_TX);
        lines[intid] = high;
        return;
    }
    CHECK(lines[intid] != high || line_changes == 0);
    lines[intid] = high;
    line_changes++;
}

static void setup(void)
{
    fake_reset();
    memset(sent, 0, sizeof(sent));
    memset(sent_size, 0, sizeof(sent_size));
    memset(typed, 0, sizeof(typed));
    memset(ticks, 0, sizeof(ticks));
    holds = false;
    more_ticks = 0;
    memset(lines, 0, sizeof(lines));
    capacity = 200;
    for (uint32_t cpu = 0; cpu < 3; cpu++) {
        fake_cpu_select(2 - cpu);
        alarm_take(NULL);
    }
    vdev_reset(&vm_rows[0]);
    vdev_reset(&vm_rows[1]);
    memset(sent_size, 0, sizeof(sent_size));
    line_changes = 0;
}

static uint64_t get(uint64_t offset)
{
    return vpl011_ops.read(&alpha, 0, offset, 4);
}

static void set(uint64_t offset, uint64_t value)
{
    vpl011_ops.write(&alpha, 0, offset, 4, value);
}

static void reset_values(void)
{
    static const uint8_t id[8] = { 0x11, 0x10, 0x34, 0x00, 0x0d, 0xf0, 0x05, 0xb1 };

    setup();
    CHECK_EQ(vpl011_ops.sizes, 7);
    CHECK_EQ(get(FR), FR_EMPTY);
    CHECK_EQ(get(CR), 0x300);
    CHECK_EQ(get(0x034), 0x12);
    CHECK_EQ(get(LCR_H) | get(IMSC) | get(RIS) | get(MIS) | get(DR) | get(0x004), 0);
    for (uint64_t i = 0; i < 8; i++) {
        CHECK_EQ(get(0xfe0 + 4 * i), id[i]);
    }
    CHECK_EQ(get(0xfdc), 0);
}

static void registers_keep_their_bits(void)
{
    static const uint16_t rows[][2] = { { 0x020, 0xff },  { 0x024, 0xffff }, { 0x028, 0x3f },
                                        { 0x02c, 0xff },  { 0x030, 0xff87 }, { 0x034, 0x3f },
                                        { 0x038, 0x7ff }, { 0x048, 0x7 } };

    setup();
    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        set(rows[i][0], 0xffffffff);
        CHECK_EQ(get(rows[i][0]), rows[i][1]);
    }
    set(0xfe0, 0);
    CHECK_EQ(get(0xfe0), 0x11);
    set(FR, 0);
    CHECK_EQ(get(FR), FR_EMPTY);
    vpl011_ops.write(&alpha, 0, DR + 1, 1, 'x'); /* no register there */
    CHECK_EQ(vpl011_ops.read(&alpha, 0, CR + 1, 1), 0);
    CHECK_EQ(sent_size[1], 0);
}

static void sends_before_it_is_enabled(void)
{
    setup();
    set(CR, 0);
    vpl011_ops.write(&alpha, 0, DR, 1, 'h');
    vpl011_ops.write(&alpha, 0, DR, 2, 'i');
    vpl011_ops.write(&alpha, 1, DR, 4, '2');
    vpl011_ops.write(&beta, 2, DR, 4, '3');
    CHECK(memcmp(sent[1], "hi", 3) == 0);
    CHECK(memcmp(sent[2], "2", 2) == 0);
    CHECK(memcmp(sent[3], "3", 2) == 0);
    CHECK_EQ(line_changes, 0);
}

static void transmit_interrupt(void)
{
    setup();
    set(IMSC, INT_TX);
    CHECK_EQ(get(RIS), 0); /* nothing sent yet */
    set(DR, 'a');
    CHECK_EQ(get(MIS), INT_TX);
    CHECK(lines[33]);
    set(ICR, INT_TX);
    CHECK_EQ(get(RIS), 0);
    CHECK(!lines[33]);
    set(DR, 'b');
    set(IMSC, 0);
    CHECK_EQ(get(RIS), INT_TX);
    CHECK_EQ(get(MIS), 0);
    CHECK(!lines[33]);
    CHECK_EQ(line_changes, 4);
}

/* The line that is told last is the one that holds. */
static void late_teller_looks_again(void)
{
    setup();
    set(IMSC, INT_TX);
    other_vcpu_clears = true;
    set(DR, 'a');
    CHECK_EQ(get(MIS), 0);
    CHECK(!lines[33]);
}

/* An interrupt promises room for a FIFO's half; a driver that then writes without looking loses
 * nothing. */
static void full_console_is_a_full_fifo(void)
{
    setup();
    set(IMSC, INT_TX);
    while ((get(FR) & 0x20) == 0) {
        set(DR, 'x');
    }
    CHECK_EQ(get(FR), 0x38); /* TXFF, RXFE, BUSY */
    CHECK_EQ(sent_size[1], capacity - CONSOLE_ROOM + 1);
    CHECK(!lines[33]);
    for (unsigned i = 1; i < CONSOLE_ROOM; i++) {
        set(DR, 'y');
    }
    CHECK_EQ(sent_size[1], capacity);
    set(DR, 'z'); /* lost */
    CHECK_EQ(get(RIS), 0);
    vdev_poll(&alpha);
    CHECK(!lines[33]);
    sent_size[1] = 0;
    vdev_poll(&alpha);
    CHECK(lines[33]);
    CHECK_EQ(get(FR), FR_EMPTY);
    vdev_poll(&alpha);
    set(ICR, INT_TX);
    vdev_poll(&alpha); /* told once */
    CHECK(!lines[33]);
}

static void receives(void)
{
    setup();
    set(LCR_H, 0x70);
    set(IMSC, INT_RX);
    typed[1] = "abc";
    CHECK_EQ(get(FR), FR_EMPTY);
    vdev_poll(&alpha);
    CHECK_EQ(get(FR), 0x80);
    CHECK_EQ(get(RIS), INT_RX);
    CHECK(lines[33]);
    set(ICR, 0x7ff);
    CHECK(lines[33]); /* as long as there is input */
    CHECK_EQ(get(DR), 'a');
    CHECK_EQ(get(DR), 'b');
    CHECK(lines[33]);
    CHECK_EQ(get(DR), 'c');
    CHECK(!lines[33]);
    CHECK_EQ(get(FR), FR_EMPTY);
    CHECK_EQ(get(DR), 0);
}

static void receive_fifo_is_32_deep(void)
{
    setup();
    set(LCR_H, 0x70);
    typed[1] = "0123456789abcdefghijklmnopqrstuvwxyz";
    vdev_poll(&alpha);
    CHECK_EQ(get(FR), 0xc0); /* TXFE, RXFF */
    CHECK_EQ(strlen(typed[1]), 4);
    CHECK_EQ(get(DR), '0');
    CHECK_EQ(strlen(typed[1]), 3); /* refilled by the read */
    set(LCR_H, 0x60);              /* FIFOs off: flushed, one character deep */
    CHECK_EQ(get(FR), 0xc0);
    CHECK_EQ(get(DR), 'x');
    CHECK_EQ(get(DR), 'y');
    CHECK_EQ(get(DR), 'z');
    CHECK_EQ(get(FR), FR_EMPTY);
}

static void polls_only_own_vm(void)
{
    setup();
    typed[1] = "1";
    typed[2] = "2";
    typed[3] = "3";
    vdev_poll(&alpha);
    CHECK_EQ(strlen(typed[1]) + strlen(typed[2]), 0);
    CHECK_EQ(strlen(typed[3]), 1);
    vdev_poll(&beta);
    CHECK_EQ(strlen(typed[3]), 0);
}

static void restart_begins_a_new_line(void)
{
    setup();
    set(DR, 'x');
    set(IMSC, 0x7ff);
    vdev_reset(&vm_rows[0]);
    CHECK(memcmp(sent[1], "x\n", 3) == 0);
    CHECK_EQ(sent_size[2], 0);
    CHECK_EQ(get(IMSC), 0);
    vdev_reset(&vm_rows[0]);
    CHECK_EQ(sent_size[1], 2);
}

#define HOLD_TICKS 10000 /* CONSOLE_HOLD_MS of the fake clock, which counts microseconds */

/* As the interrupt does. */
static void alarm_comes(struct vcpu *vcpu)
{
    atomic_store(&fake_time, fake_cpus[arch_cpu_index()].alarm);
    alarm_take(vcpu);
}

static void no_alarm_without_the_keyboard(void)
{
    setup();
    set(DR, 'x');
    set(DR, '\n');
    CHECK_EQ(fake_cpus[0].alarm, UINT64_MAX);
    vdev_alarm(&alpha);
    CHECK_EQ(ticks[1], 0);
    holds = true; /* but took the keyboard away at once */
    set(DR, 'x');
    CHECK_EQ(ticks[1], 1);
    CHECK_EQ(fake_cpus[0].alarm, UINT64_MAX);
}

/* One alarm for many characters and lines. */
static void held_output_sets_the_alarm(void)
{
    setup();
    holds = true;
    more_ticks = 2;
    atomic_store(&fake_time, 5000);
    set(DR, 'a');
    CHECK_EQ(ticks[1], 1);
    CHECK_EQ(fake_cpus[0].alarm, 5000 + HOLD_TICKS);
    atomic_store(&fake_time, 6000);
    set(DR, 'b');
    set(DR, '\n');
    set(DR, 'c');
    CHECK_EQ(ticks[1], 1);
    CHECK_EQ(fake_cpus[0].alarm, 5000 + HOLD_TICKS);
    alarm_comes(&alpha);
    CHECK_EQ(fake_cpus[0].alarm, 5000 + 2 * HOLD_TICKS);
    alarm_comes(&alpha);
    CHECK_EQ(ticks[1], 3);
    CHECK_EQ(fake_cpus[0].alarm, UINT64_MAX);
    vdev_alarm(&alpha);
    CHECK_EQ(ticks[1], 3);
    more_ticks = 1;
    set(DR, 'd');
    CHECK_EQ(fake_cpus[0].alarm, 5000 + 3 * HOLD_TICKS);
}

static void alarm_is_of_own_cpu_and_vm(void)
{
    setup();
    holds = true;
    more_ticks = UINT32_MAX;
    set(DR, 'a');
    fake_cpu_select(1);
    vpl011_ops.write(&alpha, 1, DR, 4, 'b');
    fake_cpu_select(2);
    vpl011_ops.write(&beta, 2, DR, 4, 'c');
    for (uint32_t cpu = 0; cpu < 3; cpu++) {
        CHECK_EQ(fake_cpus[cpu].alarm, HOLD_TICKS);
    }
    alarm_comes(&beta);
    CHECK_EQ(ticks[1], 1);
    CHECK_EQ(ticks[2], 1);
    CHECK_EQ(ticks[3], 2);
}

/* A late alarm finds nothing to do. */
static void restart_ends_the_ticking(void)
{
    setup();
    holds = true;
    more_ticks = UINT32_MAX;
    set(DR, 'a');
    vdev_reset(&vm_rows[0]);
    alarm_comes(&alpha);
    CHECK_EQ(ticks[1], 1);
    CHECK_EQ(fake_cpus[0].alarm, UINT64_MAX);
    set(DR, 'b');
    CHECK_EQ(ticks[1], 2);
    CHECK_EQ(fake_cpus[0].alarm, 2 * HOLD_TICKS);
}

int main(void)
{
    TEST(reset_values);
    TEST(registers_keep_their_bits);
    TEST(sends_before_it_is_enabled);
    TEST(transmit_interrupt);
    TEST(late_teller_looks_again);
    TEST(full_console_is_a_full_fifo);
    TEST(receives);
    TEST(receive_fifo_is_32_deep);
    TEST(polls_only_own_vm);
    TEST(restart_begins_a_new_line);
    TEST(no_alarm_without_the_keyboard);
    TEST(held_output_sets_the_alarm);
    TEST(alarm_is_of_own_cpu_and_vm);
    TEST(restart_ends_the_ticking);
    return test_result();
}
