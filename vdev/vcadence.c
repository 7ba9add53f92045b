/* SPDX-License-Identifier: Apache-2.0 */
#include "vdev/vcadence.h"

#include "platform/console.h"
#include "vdev/vuart.h"

/*
 * Cadence UART (Xilinx UG1085 chapter 21; registers: UG1087, module UART).  Where it differs from
 * the real one, for the good of guests:
 * - it transmits and receives whether or not CR enables it, as no wire depends on it;
 * - the receive timeout, where RTOR has one, comes with every input, as there is no line time;
 * - the transmit FIFO is the console's ring; "empty" means that there is room for a FIFO's worth.
 */
#define UART_CR 0x00u
#define UART_MR 0x04u
#define UART_IER 0x08u
#define UART_IDR 0x0cu
#define UART_IMR 0x10u
#define UART_ISR 0x14u /* events, kept until a one is written */
#define UART_BAUDGEN 0x18u
#define UART_RTOR 0x1cu
#define UART_RTRIG 0x20u
#define UART_MODEMCR 0x24u
#define UART_MODEMSR 0x28u
#define UART_SR 0x2cu
#define UART_FIFO 0x30u
#define UART_BAUDDIV 0x34u
#define UART_FLOWDEL 0x38u
#define UART_TTRIG 0x44u

#define CR_RXRST (1u << 0)
#define CR_TXRST (1u << 1)
#define CR_RSTTO (1u << 6)
#define CR_PULSES (CR_RXRST | CR_TXRST | CR_RSTTO) /* act once, and read as zero */
#define CR_MASK 0x1ffu
#define CR_RESET 0x128u
#define SR_RX_TRIGGER (1u << 0)
#define SR_RX_EMPTY (1u << 1)
#define SR_RX_FULL (1u << 2)
#define SR_TX_EMPTY (1u << 3)
#define SR_TX_FULL (1u << 4)
#define SR_TX_ACTIVE (1u << 11)
#define INT_RX_TRIGGER (1u << 0)
#define INT_RX_FULL (1u << 2)
#define INT_TX_EMPTY (1u << 3)
#define INT_TIMEOUT (1u << 8)
#define INT_ALL 0x3fffu
#define MODEMSR_READY 0xb0u /* CTS, DSR, DCD: whoever listens is there */

#define FIFO_DEPTH 64u
#define TRIGGER_RESET 0x20u
#define BAUDGEN_RESET 0x28bu
#define BAUDDIV_RESET 0xfu

struct vcadence {
    struct vuart uart;
    uint16_t cr;
    uint16_t mr;
    uint16_t imr;
    uint16_t isr;
    uint16_t baudgen;
    uint8_t rtor;
    uint8_t rtrig;
    uint8_t ttrig;
    uint8_t modemcr;
    uint8_t bauddiv;
    uint8_t flowdel;
    /* What SR reads as long as only accesses and input change it, which compute it anew; negative
     * where it may change alone: the console makes room. */
    _Atomic int32_t status;
};

static struct vcadence vcadences[COUNT_AT_LEAST_ONE(VUART_COUNT)];

/* --- State: lock held --- */

static uint32_t status(const struct vcadence *cadence, uint32_t voice)
{
    uint32_t fill = vuart_fill(&cadence->uart);
    uint32_t transmit = console_room(voice) ? SR_TX_EMPTY : SR_TX_FULL | SR_TX_ACTIVE;

    return transmit | (fill == 0 ? SR_RX_EMPTY : 0) | (fill == FIFO_DEPTH ? SR_RX_FULL : 0) |
           (fill >= cadence->rtrig && cadence->rtrig != 0 ? SR_RX_TRIGGER : 0);
}

/* Events of input that waits: what has come, or what a timeout that starts anew finds. */
static void input_events(struct vcadence *cadence)
{
    uint32_t fill = vuart_fill(&cadence->uart);

    if (fill >= cadence->rtrig && cadence->rtrig != 0) {
        cadence->isr |= INT_RX_TRIGGER;
    }
    if (fill == FIFO_DEPTH) {
        cadence->isr |= INT_RX_FULL;
    }
    if (fill != 0 && cadence->rtor != 0) {
        cadence->isr |= INT_TIMEOUT;
    }
}

static void receive(struct vcadence *cadence, uint32_t voice)
{
    if (vuart_receive(&cadence->uart, voice, FIFO_DEPTH)) {
        input_events(cadence);
    }
}

static uint32_t take_received(struct vcadence *cadence, uint32_t voice)
{
    uint32_t c = vuart_take(&cadence->uart);

    receive(cadence, voice);
    return c;
}

/* The transmit FIFO has run empty since somebody looked. */
static void output_event(struct vcadence *cadence)
{
    if (cadence->uart.sent) {
        cadence->uart.sent = false;
        cadence->isr |= INT_TX_EMPTY;
    }
}

static uint32_t register_read(struct vcadence *cadence, uint32_t voice, uint64_t offset)
{
    switch (offset) {
    case UART_CR:
        return cadence->cr;
    case UART_MR:
        return cadence->mr;
    case UART_IMR:
        return cadence->imr;
    case UART_ISR:
        return cadence->isr;
    case UART_BAUDGEN:
        return cadence->baudgen;
    case UART_RTOR:
        return cadence->rtor;
    case UART_RTRIG:
        return cadence->rtrig;
    case UART_MODEMCR:
        return cadence->modemcr;
    case UART_MODEMSR:
        return MODEMSR_READY;
    case UART_SR:
        return status(cadence, voice);
    case UART_FIFO:
        return take_received(cadence, voice);
    case UART_BAUDDIV:
        return cadence->bauddiv;
    case UART_FLOWDEL:
        return cadence->flowdel;
    case UART_TTRIG:
        return cadence->ttrig;
    default: /* IER and IDR are write-only */
        return 0;
    }
}

/* What waits in the receive FIFO is lost by its reset, as on the wire. */
static void write_cr(struct vcadence *cadence, uint32_t voice, uint32_t value)
{
    if ((value & CR_RXRST) != 0) {
        cadence->uart.tail = cadence->uart.head;
    }
    cadence->cr = (uint16_t)(value & CR_MASK & ~CR_PULSES);
    receive(cadence, voice);
    if ((value & CR_RSTTO) != 0) {
        input_events(cadence);
    }
}

static void register_write(struct vcadence *cadence, uint32_t voice, uint64_t offset,
                           uint32_t value)
{
    switch (offset) {
    case UART_CR:
        write_cr(cadence, voice, value);
        break;
    case UART_MR:
        cadence->mr = (uint16_t)(value & 0x3fff);
        break;
    case UART_IER:
        cadence->imr |= (uint16_t)(value & INT_ALL);
        break;
    case UART_IDR:
        cadence->imr &= (uint16_t)~value;
        break;
    case UART_ISR:
        cadence->isr &= (uint16_t)~value;
        break;
    case UART_BAUDGEN:
        cadence->baudgen = (uint16_t)value;
        break;
    case UART_RTOR:
        cadence->rtor = (uint8_t)value;
        break;
    case UART_RTRIG:
        cadence->rtrig = value & 0x3f;
        break;
    case UART_MODEMCR:
        cadence->modemcr = value & 0x23;
        break;
    case UART_FIFO:
        vuart_send(&cadence->uart, voice, (char)value);
        break;
    case UART_BAUDDIV:
        cadence->bauddiv = (uint8_t)value;
        break;
    case UART_FLOWDEL:
        cadence->flowdel = value & 0x3f;
        break;
    case UART_TTRIG:
        cadence->ttrig = value & 0x3f;
        break;
    default: /* read-only or reserved */
        break;
    }
}

/* --- Access --- */

/* Returns the UART, for the caller alone until it leaves or unlocks. */
static struct vcadence *cadence_lock(const struct vm_row *vm, uint32_t instance)
{
    vuart_lock(&vcadences[instance].uart, vm);
    return &vcadences[instance];
}

static void cadence_leave(struct vcadence *cadence, struct vcpu *vcpu, uint32_t instance)
{
    output_event(cadence);
    if (CONFIG_FAST_PATHS) {
        uint32_t now = status(cadence, vuart_rows[instance].voice);

        atomic_store_explicit(&cadence->status, (now & SR_TX_FULL) == 0 ? (int32_t)now : -1,
                              memory_order_relaxed);
    }
    vuart_leave(&cadence->uart, vcpu, instance, (cadence->isr & cadence->imr) != 0);
}

/* Registers are words; the bytes behind the first of each are not decoded. */
static uint64_t vcadence_read(struct vcpu *vcpu, uint32_t instance, uint64_t offset, unsigned size)
{
    (void)size;
    if (offset % 4 != 0) {
        return 0;
    }
    struct vcadence *cadence = cadence_lock(vcpu->vm_row, instance);
    uint32_t value = register_read(cadence, vuart_rows[instance].voice, offset);

    cadence_leave(cadence, vcpu, instance);
    return value;
}

static void vcadence_write(struct vcpu *vcpu, uint32_t instance, uint64_t offset, unsigned size,
                           uint64_t value)
{
    (void)size;
    if (offset % 4 != 0) {
        return;
    }
    struct vcadence *cadence = cadence_lock(vcpu->vm_row, instance);

    register_write(cadence, vuart_rows[instance].voice, offset, (uint32_t)value);
    cadence_leave(cadence, vcpu, instance);
}

static ARCH_FAST_CALL int64_t vcadence_fast_read(struct vcpu *vcpu, const struct mmio_row *row,
                                                 uint64_t offset, uint32_t width)
{
    (void)vcpu;
    (void)width;
    return offset == UART_SR
               ? atomic_load_explicit(&vcadences[row->instance].status, memory_order_relaxed)
               : -1;
}

/* Locked, as an alarm of the last run may still come on another CPU. */
static void vcadence_reset(uint32_t instance)
{
    const struct vuart_row *row = &vuart_rows[instance];
    struct vcadence *cadence = cadence_lock(&vm_rows[row->vm], instance);

    vuart_clear(&cadence->uart, row->voice);
    cadence->cr = CR_RESET;
    cadence->mr = 0;
    cadence->imr = 0;
    cadence->isr = 0;
    cadence->baudgen = BAUDGEN_RESET;
    cadence->rtor = 0;
    cadence->rtrig = TRIGGER_RESET;
    cadence->ttrig = TRIGGER_RESET;
    cadence->modemcr = 0;
    cadence->bauddiv = BAUDDIV_RESET;
    cadence->flowdel = 0;
    atomic_store(&cadence->status, -1);
    vuart_unlock(&cadence->uart, &vm_rows[row->vm]);
}

static void vcadence_alarm(struct vcpu *vcpu, uint32_t instance)
{
    vuart_alarm(&vcadences[instance].uart, vcpu, instance);
}

static void vcadence_poll(struct vcpu *vcpu, uint32_t instance)
{
    struct vcadence *cadence = cadence_lock(vcpu->vm_row, instance);

    receive(cadence, vuart_rows[instance].voice);
    vuart_room_again(&cadence->uart, vuart_rows[instance].voice);
    cadence_leave(cadence, vcpu, instance);
}

const struct vdev_ops vcadence_ops = {
    .name = "cadence",
    .sizes = VDEV_SIZE_1 | VDEV_SIZE_2 | VDEV_SIZE_4,
    .read = vcadence_read,
    .write = vcadence_write,
    .reset = vcadence_reset,
    .alarm = vcadence_alarm,
    .poll = vcadence_poll,
    .fast_read = vcadence_fast_read,
    .fast_reads = FAST_TAKES_1 | FAST_TAKES_2 | FAST_TAKES_4,
};
