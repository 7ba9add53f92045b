/* SPDX-License-Identifier: Apache-2.0 */
#include "vdev/vpl011.h"

#include "platform/console.h"
#include "vdev/vuart.h"

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

struct vpl011 {
    struct vuart uart;
    uint16_t ilpr;
    uint16_t ibrd;
    uint16_t fbrd;
    uint16_t lcr_h;
    uint16_t cr;
    uint16_t ifls;
    uint16_t imsc;
    uint16_t dmacr;
    /* What FR reads as long as only accesses and input change it, which compute it anew; negative
     * where it may change alone: the console makes room. */
    _Atomic int32_t flags;
};

static struct vpl011 vpl011s[COUNT_AT_LEAST_ONE(VUART_COUNT)];

/* --- State: lock held --- */

static uint32_t fifo_depth(const struct vpl011 *pl011)
{
    return (pl011->lcr_h & LCR_H_FEN) != 0 ? FIFO_DEPTH : 1;
}

static void receive(struct vpl011 *pl011, uint32_t voice)
{
    (void)vuart_receive(&pl011->uart, voice, fifo_depth(pl011));
}

static uint32_t raw_interrupts(const struct vpl011 *pl011)
{
    return (vuart_fill(&pl011->uart) != 0 ? INT_RX | INT_RT : 0) | (pl011->uart.sent ? INT_TX : 0);
}

static uint32_t flags(const struct vpl011 *pl011, uint32_t voice)
{
    uint32_t count = vuart_fill(&pl011->uart);
    uint32_t transmit = console_room(voice) ? FR_TXFE : FR_TXFF | FR_BUSY;

    return transmit | (count == 0 ? FR_RXFE : 0) | (count >= fifo_depth(pl011) ? FR_RXFF : 0);
}

static uint32_t take_received(struct vpl011 *pl011, uint32_t voice)
{
    uint32_t c = vuart_take(&pl011->uart);

    receive(pl011, voice);
    return c;
}

static uint32_t register_read(struct vpl011 *pl011, uint32_t voice, uint64_t offset)
{
    switch (offset) {
    case UART_DR:
        return take_received(pl011, voice);
    case UART_FR:
        return flags(pl011, voice);
    case UART_ILPR:
        return pl011->ilpr;
    case UART_IBRD:
        return pl011->ibrd;
    case UART_FBRD:
        return pl011->fbrd;
    case UART_LCR_H:
        return pl011->lcr_h;
    case UART_CR:
        return pl011->cr;
    case UART_IFLS:
        return pl011->ifls;
    case UART_IMSC:
        return pl011->imsc;
    case UART_RIS:
        return raw_interrupts(pl011);
    case UART_MIS:
        return raw_interrupts(pl011) & pl011->imsc;
    case UART_DMACR:
        return pl011->dmacr;
    default: /* RSR: no errors ever */
        return offset >= UART_ID_FIRST ? vpl011_id[(offset - UART_ID_FIRST) / 4] : 0;
    }
}

/* Leaving FIFO mode flushes it (3.3.7). */
static void write_lcr_h(struct vpl011 *pl011, uint32_t voice, uint32_t value)
{
    if (((pl011->lcr_h ^ value) & LCR_H_FEN) != 0) {
        pl011->uart.tail = pl011->uart.head;
    }
    pl011->lcr_h = value & 0xff;
    receive(pl011, voice);
}

/* ICR reaches the transmit interrupt only: the others last while there is input. */
static void register_write(struct vpl011 *pl011, uint32_t voice, uint64_t offset, uint32_t value)
{
    switch (offset) {
    case UART_DR:
        vuart_send(&pl011->uart, voice, (char)value);
        break;
    case UART_ILPR:
        pl011->ilpr = value & 0xff;
        break;
    case UART_IBRD:
        pl011->ibrd = value & 0xffff;
        break;
    case UART_FBRD:
        pl011->fbrd = value & 0x3f;
        break;
    case UART_LCR_H:
        write_lcr_h(pl011, voice, value);
        break;
    case UART_CR:
        pl011->cr = value & 0xff87;
        break;
    case UART_IFLS:
        pl011->ifls = value & 0x3f;
        break;
    case UART_IMSC:
        pl011->imsc = value & 0x7ff;
        break;
    case UART_ICR:
        pl011->uart.sent = pl011->uart.sent && (value & INT_TX) == 0;
        break;
    case UART_DMACR:
        pl011->dmacr = value & 0x7;
        break;
    default: /* ECR has nothing to clear; the rest is read-only or reserved */
        break;
    }
}

/* --- Access --- */

/* Returns the UART, for the caller alone until it leaves or unlocks. */
static struct vpl011 *pl011_lock(const struct vm_row *vm, uint32_t instance)
{
    vuart_lock(&vpl011s[instance].uart, vm);
    return &vpl011s[instance];
}

static void pl011_leave(struct vpl011 *pl011, struct vcpu *vcpu, uint32_t instance)
{
    if (CONFIG_FAST_PATHS) {
        uint32_t now = flags(pl011, vuart_rows[instance].voice);

        atomic_store_explicit(&pl011->flags, (now & FR_TXFF) == 0 ? (int32_t)now : -1,
                              memory_order_relaxed);
    }
    vuart_leave(&pl011->uart, vcpu, instance, (raw_interrupts(pl011) & pl011->imsc) != 0);
}

/* Registers are words; the bytes behind the first of each are not decoded. */
static uint64_t vpl011_read(struct vcpu *vcpu, uint32_t instance, uint64_t offset, unsigned size)
{
    (void)size;
    if (offset % 4 != 0) {
        return 0;
    }
    struct vpl011 *pl011 = pl011_lock(vcpu->vm_row, instance);
    uint32_t value = register_read(pl011, vuart_rows[instance].voice, offset);

    pl011_leave(pl011, vcpu, instance);
    return value;
}

static void vpl011_write(struct vcpu *vcpu, uint32_t instance, uint64_t offset, unsigned size,
                         uint64_t value)
{
    (void)size;
    if (offset % 4 != 0) {
        return;
    }
    struct vpl011 *pl011 = pl011_lock(vcpu->vm_row, instance);

    register_write(pl011, vuart_rows[instance].voice, offset, (uint32_t)value);
    pl011_leave(pl011, vcpu, instance);
}

static ARCH_FAST_CALL int64_t vpl011_fast_read(struct vcpu *vcpu, const struct mmio_row *row,
                                               uint64_t offset, uint32_t width)
{
    (void)vcpu;
    (void)width;
    return offset == UART_FR
               ? atomic_load_explicit(&vpl011s[row->instance].flags, memory_order_relaxed)
               : -1;
}

/* Locked, as an alarm of the last run may still come on another CPU. */
static void vpl011_reset(uint32_t instance)
{
    const struct vuart_row *row = &vuart_rows[instance];
    struct vpl011 *pl011 = pl011_lock(&vm_rows[row->vm], instance);

    vuart_clear(&pl011->uart, row->voice);
    pl011->ilpr = 0;
    pl011->ibrd = 0;
    pl011->fbrd = 0;
    pl011->lcr_h = 0;
    pl011->cr = CR_RESET;
    pl011->ifls = IFLS_RESET;
    pl011->imsc = 0;
    pl011->dmacr = 0;
    atomic_store(&pl011->flags, -1);
    vuart_unlock(&pl011->uart, &vm_rows[row->vm]);
}

static void vpl011_alarm(struct vcpu *vcpu, uint32_t instance)
{
    vuart_alarm(&vpl011s[instance].uart, vcpu, instance);
}

static void vpl011_poll(struct vcpu *vcpu, uint32_t instance)
{
    struct vpl011 *pl011 = pl011_lock(vcpu->vm_row, instance);

    receive(pl011, vuart_rows[instance].voice);
    vuart_room_again(&pl011->uart, vuart_rows[instance].voice);
    pl011_leave(pl011, vcpu, instance);
}

const struct vdev_ops vpl011_ops = {
    .name = "pl011",
    .sizes = VDEV_SIZE_1 | VDEV_SIZE_2 | VDEV_SIZE_4,
    .read = vpl011_read,
    .write = vpl011_write,
    .reset = vpl011_reset,
    .alarm = vpl011_alarm,
    .poll = vpl011_poll,
    .fast_read = vpl011_fast_read,
    .fast_reads = FAST_TAKES_1 | FAST_TAKES_2 | FAST_TAKES_4,
};
