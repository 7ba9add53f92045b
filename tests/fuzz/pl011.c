/* SPDX-License-Identifier: Apache-2.0 */
/* sources: vdev/vpl011.c vdev/vuart.c vdev/vdev.c vdev/alarm.c arch/fake/[a-z]*.c
 * tests/unit/fixture/platform.c
 */
#include <string.h>

#include "arch/fake/fake.h"
#include "platform/console.h"
#include "tests/fuzz/input.h"
#include "vdev/alarm.h"
#include "vdev/vgic.h"
#include "vdev/vpl011.h"

/* Any access to a UART, with input that comes and room that goes at any time: each typed character
 * is received once and in order (but what waits when FEN changes), each sent one reaches the voice
 * where it has room, the interrupt line is what RIS and IMSC say, and the flags agree with what can
 * be read and written. */

#define DR 0x000u
#define FR 0x018u
#define LCR_H 0x02cu
#define IMSC 0x038u
#define RIS 0x03cu
#define MIS 0x040u
#define FR_RXFE 0x10u
#define FR_TXFF 0x20u
#define INT_ALL 0x7ffu
#define INTID 33u
#define CAPACITY 64u

static const struct mmio_row rows[] = {
    { .base = GPA(0x1000), .size = 0x1000, .ops = &vpl011_ops, .instance = 0 },
};
const struct vm_row vm_rows[VM_COUNT] = { { .vcpu_count = 1, .mmio = rows, .mmio_count = 1 } };
const struct vuart_row vuart_rows[VUART_COUNT] = {
    { .vm = 0, .intid = INTID, .voice = 1 },
    { .vm = 1, .intid = INTID, .voice = 2 },
    { .vm = 1, .intid = INTID, .voice = 3 },
};

static struct vcpu vcpu = { .vm_row = &vm_rows[0], .vm = 0 };
static bool line;
static uint32_t sent; /* characters in the voice */
static uint8_t typed; /* the next character that somebody types: they count up */
static uint8_t waiting;
static uint8_t expected; /* the next one that the guest should receive */
static bool dropped;     /* by a write of LCR_H, which empties the FIFO where FEN changes */

enum console_result console_put(uint32_t voice, char c)
{
    (void)c;
    MUST(voice == 1);
    if (sent >= CAPACITY) {
        return CONSOLE_FULL;
    }
    sent++;
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
    return sent + CONSOLE_ROOM <= CAPACITY;
}

int console_get(uint32_t voice)
{
    MUST(voice == 1);
    if (waiting == 0) {
        return -1;
    }
    waiting--;
    return typed++;
}

void vgic_set_line(struct vcpu *self, uint32_t intid, bool high)
{
    MUST(self == &vcpu && intid == INTID);
    line = high;
}

static uint32_t get(uint64_t offset)
{
    return (uint32_t)vpl011_ops.read(&vcpu, 0, offset, 4);
}

static void check_state(void)
{
    const uint32_t raw = get(RIS);

    MUST((raw & ~INT_ALL) == 0);
    MUST((get(IMSC) & ~INT_ALL) == 0);
    MUST(get(MIS) == (raw & get(IMSC)));
    MUST(line == (get(MIS) != 0));
    MUST(((get(FR) & FR_TXFF) == 0) == console_room(1));
}

static void receive(void)
{
    const bool any = (get(FR) & FR_RXFE) == 0;
    const uint8_t c = (uint8_t)get(DR);

    if (any) {
        MUST(c == expected || (dropped && (uint8_t)(c - expected) < (uint8_t)(typed - expected)));
        expected = (uint8_t)(c + 1);
        dropped = false;
    }
}

static void access(struct input *input, uint32_t what)
{
    const unsigned size = 1u << (what >> 2 & 1);
    const uint64_t offset = (what & 8) != 0 ? input_take(input, 2) % 0x1000 : (what >> 4) * 4;
    const uint64_t aligned = offset & ~(uint64_t)(size - 1);

    if ((what & 2) != 0) {
        dropped = dropped || aligned == LCR_H;
        vpl011_ops.write(&vcpu, 0, aligned, size, input_take(input, size));
    } else if (aligned < 4) {
        receive();
    } else {
        (void)vpl011_ops.read(&vcpu, 0, aligned, size);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = { .data = data, .left = size };

    line = false;
    sent = 0;
    typed = 0;
    waiting = 0;
    expected = 0;
    dropped = false;
    fake_reset();
    vdev_reset(&vm_rows[0]);
    while (input.left > 0) {
        const uint32_t what = input_below(&input, 256);

        if (what < 0x20 && (what & 1) != 0) { /* somebody types, or the console sends */
            waiting = (uint8_t)(waiting + (what & 6) * 3);
            sent = (what & 8) != 0 ? 0 : sent;
            vdev_poll(&vcpu);
        } else {
            access(&input, what);
        }
        check_state();
    }
    return 0;
}
