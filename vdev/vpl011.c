/* SPDX-License-Identifier: Apache-2.0 */
#include "vdev/vpl011.h"

#include <stdatomic.h>

#include "platform/console.h"
#include "vdev/alarm.h"
#include "vdev/lock.h"
#include "vdev/vgic.h"

/*
 * Arm PrimeCell UART (PL011), DDI 0183G chapter 3.  Where it differs from the real one, for the
 * good of guests:
 * - it transmits and receives whether or not CR enables it, as no wire depends on it;
 * - the receive interrupt and the receive timeout are both raised as soon as there is input: typed
 *   characters seldom fill a FIFO to its mark, and there is no line time to wait for;
 * - the transmit FIFO is the console's ring; the transmit interrupt comes with every character sent
 *   while there is room for a FIFO's worth more.
 */
#define UART_DR 0x000u
#define UART_RSR 0x004u
#define UART_FR 0x018u
#define UART_ILPR 0x020u
#define UART_IBRD 0x024u
#define UART_FBRD 0x028u
#define UART_LCR_H 0x02cu
#define UART_CR 0x030u
#define UART_IFLS 0x034u
#define UART_IMSC 0x038u
#define UART_RIS 0x03cu
#define UART_MIS 0x040u
#define UART_ICR 0x044u
#define UART_DMACR 0x048u
#define UART_ID_FIRST 0xfe0u /* PeriphID0-3, PCellID0-3 */

#define FR_BUSY (1u << 3)
#define FR_RXFE (1u << 4)
#define FR_TXFF (1u << 5)
#define FR_RXFF (1u << 6)
#define FR_TXFE (1u << 7)
#define LCR_H_FEN (1u << 4)
#define INT_RX (1u << 4)
#define INT_TX (1u << 5)
#define INT_RT (1u << 6)

#define FIFO_DEPTH 32u /* revision r1p5 */
#define CR_RESET 0x300u
#define IFLS_RESET 0x12u

/* Part 0x011, designer 0x41 (Arm), revision 3 (r1p5): 3.3.15, 3.3.16. */
static const uint8_t vpl011_id[8] = { 0x11, 0x10, 0x34, 0x00, 0x0d, 0xf0, 0x05, 0xb1 };

struct vpl011_state {
    uint16_t ilpr;
    uint16_t ibrd;
    uint16_t fbrd;
    uint16_t lcr_h;
    uint16_t cr;
    uint16_t ifls;
    uint16_t imsc;
    uint16_t dmacr;
    bool sent;     /* the transmit interrupt's cause: characters went out */
    bool blocked;  /* there was no room: raised again when there is */
    bool midline;  /* the last character sent was no newline */
    bool ticking;  /* a CPU of the VM has the alarm set, for output that the console holds */
    uint32_t head; /* receive FIFO: next free, first taken; counting freely */
    uint32_t tail;
    char fifo[FIFO_DEPTH];
};

/* The state is guarded by the lock where the VM has several vCPUs. */
struct vpl011 {
    struct lock lock;
    struct vpl011_state state;
    _Atomic bool line; /* the interrupt line, as last computed */
    /* What FR reads as long as only accesses and input change it, which compute it anew; negative
     * where it may change alone: the console makes room. */
    _Atomic int32_t flags;
};

static struct vpl011 vpl011s[COUNT_AT_LEAST_ONE(VPL011_COUNT)];

/* --- State: lock held --- */

static uint32_t fifo_depth(const struct vpl011_state *uart)
{
    return (uart->lcr_h & LCR_H_FEN) != 0 ? FIFO_DEPTH : 1;
}

static void receive(struct vpl011_state *uart, uint32_t voice)
{
    while (uart->head - uart->tail < fifo_depth(uart)) {
        int c = console_get(voice);
        if (c < 0) {
            return;
        }
        uart->fifo[uart->head++ % FIFO_DEPTH] = (char)c;
    }
}

static uint32_t raw_interrupts(const struct vpl011_state *uart)
{
    return (uart->head != uart->tail ? INT_RX | INT_RT : 0) | (uart->sent ? INT_TX : 0);
}

static uint32_t flags(const struct vpl011_state *uart, uint32_t voice)
{
    uint32_t count = uart->head - uart->tail;
    uint32_t transmit = console_room(voice) ? FR_TXFE : FR_TXFF | FR_BUSY;

    return transmit | (count == 0 ? FR_RXFE : 0) | (count >= fifo_depth(uart) ? FR_RXFF : 0);
}

static uint32_t take_received(struct vpl011_state *uart, uint32_t voice)
{
    uint32_t c = 0;

    if (uart->head != uart->tail) {
        c = (uint8_t)uart->fifo[uart->tail++ % FIFO_DEPTH];
    }
    receive(uart, voice);
    return c;
}

/* Where the alarm would wait for an exit, nothing is held back. */
static void tick(struct vpl011_state *uart, uint32_t voice)
{
    if (CONFIG_STOP_NEXT_EXIT) {
        (void)console_tick(voice);
    }
    uart->ticking = console_tick(voice);
    if (uart->ticking) {
        alarm_ask(arch_time_now() + arch_time_hz() * CONSOLE_HOLD_MS / 1000);
    }
}

/* What does not fit is lost: a guest that looks at TXFF never gets there.  The alarm stays set when
 * the line ends: one for many lines costs less than setting it for each. */
static void transmit(struct vpl011_state *uart, uint32_t voice, char c)
{
    if (console_put(voice, c) == CONSOLE_HELD && !uart->ticking) {
        tick(uart, voice);
    }
    uart->midline = c != '\n';
    uart->sent = console_room(voice);
    uart->blocked = !uart->sent;
}

static void room_again(struct vpl011_state *uart, uint32_t voice)
{
    if (uart->blocked && console_room(voice)) {
        uart->blocked = false;
        uart->sent = true;
    }
}

static uint32_t register_read(struct vpl011_state *uart, uint32_t voice, uint64_t offset)
{
    switch (offset) {
    case UART_DR:
        return take_received(uart, voice);
    case UART_FR:
        return flags(uart, voice);
    case UART_ILPR:
        return uart->ilpr;
    case UART_IBRD:
        return uart->ibrd;
    case UART_FBRD:
        return uart->fbrd;
    case UART_LCR_H:
        return uart->lcr_h;
    case UART_CR:
        return uart->cr;
    case UART_IFLS:
        return uart->ifls;
    case UART_IMSC:
        return uart->imsc;
    case UART_RIS:
        return raw_interrupts(uart);
    case UART_MIS:
        return raw_interrupts(uart) & uart->imsc;
    case UART_DMACR:
        return uart->dmacr;
    default: /* RSR: no errors ever */
        return offset >= UART_ID_FIRST ? vpl011_id[(offset - UART_ID_FIRST) / 4] : 0;
    }
}

/* Leaving FIFO mode flushes it (3.3.7). */
static void write_lcr_h(struct vpl011_state *uart, uint32_t voice, uint32_t value)
{
    if (((uart->lcr_h ^ value) & LCR_H_FEN) != 0) {
        uart->tail = uart->head;
    }
    uart->lcr_h = value & 0xff;
    receive(uart, voice);
}

/* ICR reaches the transmit interrupt only: the others last while there is input. */
static void register_write(struct vpl011_state *uart, uint32_t voice, uint64_t offset,
                           uint32_t value)
{
    switch (offset) {
    case UART_DR:
        transmit(uart, voice, (char)value);
        break;
    case UART_ILPR:
        uart->ilpr = value & 0xff;
        break;
    case UART_IBRD:
        uart->ibrd = value & 0xffff;
        break;
    case UART_FBRD:
        uart->fbrd = value & 0x3f;
        break;
    case UART_LCR_H:
        write_lcr_h(uart, voice, value);
        break;
    case UART_CR:
        uart->cr = value & 0xff87;
        break;
    case UART_IFLS:
        uart->ifls = value & 0x3f;
        break;
    case UART_IMSC:
        uart->imsc = value & 0x7ff;
        break;
    case UART_ICR:
        uart->sent = uart->sent && (value & INT_TX) == 0;
        break;
    case UART_DMACR:
        uart->dmacr = value & 0x7;
        break;
    default: /* ECR has nothing to clear; the rest is read-only or reserved */
        break;
    }
}

/* --- Access --- */

/* Returns the state, for the caller alone until it leaves or unlocks. */
static struct vpl011_state *uart_lock(const struct vm_row *vm, uint32_t instance)
{
    if (vm->vcpu_count > 1) {
        lock_take(&vpl011s[instance].lock);
    }
    return &vpl011s[instance].state;
}

static void uart_unlock(const struct vm_row *vm, uint32_t instance)
{
    if (vm->vcpu_count > 1) {
        lock_drop(&vpl011s[instance].lock);
    }
}

/* The line is told to the vGIC without the lock, because the vGIC may wait for another vCPU that
 * wants it; so each teller looks again, and the last one tells what holds. */
static void uart_leave(struct vcpu *vcpu, uint32_t instance)
{
    struct vpl011 *uart = &vpl011s[instance];
    bool line = (raw_interrupts(&uart->state) & uart->state.imsc) != 0;
    bool changed = atomic_exchange(&uart->line, line) != line;

    if (CONFIG_FAST_PATHS) {
        uint32_t now = flags(&uart->state, vpl011_rows[instance].voice);

        atomic_store_explicit(&uart->flags, (now & FR_TXFF) == 0 ? (int32_t)now : -1,
                              memory_order_relaxed);
    }
    uart_unlock(vcpu->vm_row, instance);
    while (changed) {
        vgic_set_line(vcpu, vpl011_rows[instance].intid, line);
        changed = atomic_load(&uart->line) != line;
        line = changed ? !line : line;
    }
}

/* Registers are words; the bytes behind the first of each are not decoded. */
static uint64_t vpl011_read(struct vcpu *vcpu, uint32_t instance, uint64_t offset, unsigned size)
{
    (void)size;
    if (offset % 4 != 0) {
        return 0;
    }
    struct vpl011_state *uart = uart_lock(vcpu->vm_row, instance);
    uint32_t value = register_read(uart, vpl011_rows[instance].voice, offset);

    uart_leave(vcpu, instance);
    return value;
}

static void vpl011_write(struct vcpu *vcpu, uint32_t instance, uint64_t offset, unsigned size,
                         uint64_t value)
{
    (void)size;
    if (offset % 4 != 0) {
        return;
    }
    struct vpl011_state *uart = uart_lock(vcpu->vm_row, instance);

    register_write(uart, vpl011_rows[instance].voice, offset, (uint32_t)value);
    uart_leave(vcpu, instance);
}

static ARCH_FAST_CALL int64_t vpl011_fast_read(struct vcpu *vcpu, uint32_t instance,
                                               uint64_t offset, uint32_t width)
{
    (void)vcpu;
    (void)width;
    return offset == UART_FR ? atomic_load_explicit(&vpl011s[instance].flags, memory_order_relaxed)
                             : -1;
}

/* A line that the last run left unfinished ends, so that the next one begins with its own prefix.
 * Locked, as an alarm of the last run may still come on another CPU. */
static void vpl011_reset(uint32_t instance)
{
    const struct vpl011_row *row = &vpl011_rows[instance];
    struct vpl011_state *uart = uart_lock(&vm_rows[row->vm], instance);

    if (uart->midline) {
        (void)console_put(row->voice, '\n');
    }
    *uart = (struct vpl011_state){ .cr = CR_RESET, .ifls = IFLS_RESET };
    atomic_store(&vpl011s[instance].flags, -1);
    atomic_store(&vpl011s[instance].line, false);
    uart_unlock(&vm_rows[row->vm], instance);
}

/* Lets out the line that the guest of the console's keyboard left unfinished.  The interrupt line
 * stays as it is: another CPU may be about to start the VM anew. */
static void vpl011_alarm(struct vcpu *vcpu, uint32_t instance)
{
    struct vpl011_state *uart = uart_lock(vcpu->vm_row, instance);

    if (uart->ticking) {
        tick(uart, vpl011_rows[instance].voice);
    }
    uart_unlock(vcpu->vm_row, instance);
}

const struct vdev_ops vpl011_ops = {
    .name = "pl011",
    .sizes = VDEV_SIZE_1 | VDEV_SIZE_2 | VDEV_SIZE_4,
    .read = vpl011_read,
    .write = vpl011_write,
    .reset = vpl011_reset,
    .alarm = vpl011_alarm,
    .fast_read = vpl011_fast_read,
    .fast_reads = FAST_TAKES_1 | FAST_TAKES_2 | FAST_TAKES_4,
};

void vpl011_poll(struct vcpu *vcpu)
{
    for (uint32_t instance = 0; instance < VPL011_COUNT; instance++) {
        const struct vpl011_row *row = &vpl011_rows[instance];

        if (row->vm == vcpu->vm) {
            struct vpl011_state *uart = uart_lock(vcpu->vm_row, instance);

            receive(uart, row->voice);
            room_again(uart, row->voice);
            uart_leave(vcpu, instance);
        }
    }
}
