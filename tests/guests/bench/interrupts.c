/* SPDX-License-Identifier: Apache-2.0 */

/* Interrupts of one CPU: from the event to the handler's reading of the counter. */

#include <stdbool.h>

#include "board.h"
#include "interrupts.h"
#include "loops.h"

#define WFI_ROUNDS 1024u
#define BURST_ROUNDS 50u
#define BURST_PATIENCE 100000u
#define NOTHING UINT64_MAX
#define BURST_COUNT 16u
#define BURST_FIRST_INTID 48u
#define BURST_MASK (0xffffu << (BURST_FIRST_INTID - 32))

static void wait_interrupt(uint32_t before)
{
    while (irq_count == before) {
    }
}

static void measure_self_sgi(void)
{
    struct latency to_handler = LATENCY_NONE;
    struct latency round_trip = LATENCY_NONE;

    MARK(OP_SELF_SGI);
    for (uint32_t round = 0; round < EVENT_ROUNDS; round++) {
        uint32_t before = irq_count;

        align_phase(round % PHASES);
        uint64_t start = READ(cntvct_el0);
        WRITE(icc_sgi1r_el1, 1u | 3u << 24);
        wait_interrupt(before);
        latency_add(&round_trip, READ(cntvct_el0) - start);
        latency_add(&to_handler, irq_time - start);
    }
    MARK_END();
    latency_tell(OP_SELF_SGI, &to_handler, EVENT_ROUNDS);
    latency_tell(OP_SELF_SGI_ROUND, &round_trip, EVENT_ROUNDS);
}

static void measure_timer(void)
{
    struct latency latency = LATENCY_NONE;

    MARK(OP_TIMER);
    for (uint32_t round = 0; round < EVENT_ROUNDS; round++) {
        uint32_t before = irq_count;
        uint64_t due = READ(cntvct_el0) + 40 + round % 16;

        WRITE(cntv_cval_el0, due);
        WRITE(cntv_ctl_el0, 1);
        wait_interrupt(before);
        latency_add(&latency, irq_time - due);
    }
    MARK_END();
    latency_tell(OP_TIMER, &latency, EVENT_ROUNDS);
}

/* A timer is due with a tick, so what measure_timer() tells is cut down to whole ticks. */
static void measure_timer_exactly(void)
{
    uint64_t sum = 0;

    MARK(OP_TIMER_EXACT);
    for (uint32_t round = 0; round < EVENT_ROUNDS; round++) {
        uint32_t before = irq_count;

        handler_phase(round % PHASES);
        uint64_t due = READ(cntvct_el0) + 40;
        WRITE(cntv_cval_el0, due);
        WRITE(cntv_ctl_el0, 1);
        wait_interrupt(before);
        sum += irq_time - due;
    }
    MARK_END();
    handler_plain();
    tell(OP_TIMER_EXACT, sum - HANDLER_DELAY * EVENT_ROUNDS / PHASES, EVENT_ROUNDS);
}

static bool is_there(uint32_t mask)
{
    write32(GICD_ISENABLER1, mask);
    return (read32(GICD_ISENABLER1) & mask) == mask;
}

/* A SPI is pended by hand: the distributor's write is part of it. */
static void measure_pended_spi(void)
{
    struct latency latency = LATENCY_NONE;
    uint32_t mask = 1u << (SPI_INTID - 32);

    if (!is_there(mask)) {
        return;
    }
    MARK(OP_PENDED_SPI);
    for (uint32_t round = 0; round < EVENT_ROUNDS; round++) {
        uint32_t before = irq_count;

        align_phase(round % PHASES);
        uint64_t start = READ(cntvct_el0);
        write32(GICD_ISPENDR1, mask);
        wait_interrupt(before);
        latency_add(&latency, irq_time - start);
    }
    MARK_END();
    write32(GICD_ICENABLER1, mask);
    latency_tell(OP_PENDED_SPI, &latency, EVENT_ROUNDS);
}

/* Priorities of the burst: 0x00 to 0xe0 in steps that 4 bits can hold, the last one twice; another
 * order each round. */
static uint8_t burst_priority[BURST_COUNT];

static uint32_t burst_intid(uint32_t place, uint32_t round)
{
    return BURST_FIRST_INTID + (place * 5 + 7 * round) % BURST_COUNT;
}

static void burst_priorities(uint32_t round)
{
    for (uint32_t place = 0; place < BURST_COUNT; place++) {
        uint32_t intid = burst_intid(place, round);
        uint8_t priority = (uint8_t)((place < 15 ? place : 14) << 4);

        *(volatile uint8_t *)(GICD_IPRIORITYR + intid) = priority;
        burst_priority[intid - BURST_FIRST_INTID] = priority;
    }
}

/* Pends all of `mask` by one write; when. */
static uint64_t pend(uint32_t mask)
{
    uint64_t start = READ(cntvct_el0);

    write32(GICD_ISPENDR1, mask);
    return start;
}

/* The ticks from `arrive` until the first handler; NOTHING: not all have come. */
static __attribute__((noinline)) uint64_t burst(uint64_t (*arrive)(uint32_t mask), uint32_t mask,
                                                uint32_t round)
{
    uint32_t before = irq_count;
    uint32_t all = before + (uint32_t)__builtin_popcount(mask);

    align_phase(round % PHASES);
    uint64_t start = arrive(mask);
    for (uint32_t n = 0; n < BURST_PATIENCE && irq_count != all; n++) {
    }
    return irq_count == all ? irq_log_time[before % IRQ_LOG_COUNT] - start : NOTHING;
}

/* Whether the last handlers ran in the order of their priorities. */
static bool burst_ordered(void)
{
    uint32_t before = irq_count - BURST_COUNT;
    uint8_t last = 0;

    for (uint32_t place = 0; place < BURST_COUNT; place++) {
        uint32_t intid = irq_log_intid[(before + place) % IRQ_LOG_COUNT];

        if (burst_priority[intid - BURST_FIRST_INTID] < last) {
            return false;
        }
        last = burst_priority[intid - BURST_FIRST_INTID];
    }
    return true;
}

/* The most urgent SPI alone, then 16 at once: handlers run in the order of their priorities, the
 * most urgent about as soon as alone.  Tells both latencies of it, and how many rounds were out of
 * order; nothing, where nothing arrives. */
static inline __attribute__((always_inline)) void measure_burst(uint64_t (*arrive)(uint32_t mask),
                                                                enum operation solo_operation,
                                                                enum operation first_operation,
                                                                enum operation disorder_operation)
{
    struct latency solo = LATENCY_NONE;
    struct latency first = LATENCY_NONE;
    uint32_t disorder = 0;

    for (uint32_t round = 0; round < BURST_ROUNDS; round++) {
        burst_priorities(round);
        MARK(solo_operation);
        uint64_t alone = burst(arrive, 1u << (burst_intid(0, round) - 32), round);
        MARK_END();
        MARK(first_operation);
        uint64_t together = burst(arrive, BURST_MASK, round);
        MARK_END();
        if (alone == NOTHING || together == NOTHING) {
            return;
        }
        latency_add(&solo, alone);
        latency_add(&first, together);
        disorder += burst_ordered() ? 0 : 1;
    }
    latency_tell(solo_operation, &solo, BURST_ROUNDS);
    latency_tell(first_operation, &first, BURST_ROUNDS);
    tell(disorder_operation, disorder, BURST_ROUNDS);
}

/* Pended by hand, then by the lines of devices: edges, because they rise for an instant. */
static void measure_bursts(void)
{
    if (!is_there(BURST_MASK)) {
        return;
    }
    wait_for_console();
    WRITE(icc_pmr_el1, 0xff);
    measure_burst(pend, OP_BURST_SOLO, OP_BURST_FIRST, OP_BURST_DISORDER);
    write32(GICD_ICENABLER1, BURST_MASK);
    write32(GICD_ICFGR3, 0xaaaaaaaa);
    write32(GICD_ISENABLER1, BURST_MASK);
    measure_burst(lines_rise, OP_LINES_SOLO, OP_LINES_FIRST, OP_LINES_DISORDER);
    WRITE(icc_pmr_el1, 0xf0);
    write32(GICD_ICENABLER1, BURST_MASK);
}

/* The clock's alarm (PL031, SPI 2) is a real device's interrupt: a match value in the past raises
 * it with the write. */
static void measure_device_spi(void)
{
    struct latency latency = LATENCY_NONE;

    if (probe32(RTC + 0xfe0) != 0x31) {
        return;
    }
    write32(RTC + 0x10, 1); /* IMSC */
    write32(GICD_ISENABLER1, 1u << (RTC_INTID - 32));
    MARK(OP_DEVICE_SPI);
    for (uint32_t round = 0; round < EVENT_ROUNDS; round++) {
        uint32_t before = irq_count;

        write32(RTC + 0x10, 0);
        write32(RTC + 0x4, read32(RTC)); /* match now */
        write32(RTC + 0x1c, 0);
        align_phase(round % PHASES);
        uint64_t start = READ(cntvct_el0);
        write32(RTC + 0x10, 1);
        for (uint32_t n = 0; n < 1000 && irq_count == before; n++) {
        }
        if (irq_count == before) {
            MARK_END();
            return;
        }
        latency_add(&latency, irq_time - start);
        write32(RTC + 0x10, 0);
        write32(RTC + 0x1c, 1);
    }
    MARK_END();
    write32(GICD_ICENABLER1, 1u << (RTC_INTID - 32));
    latency_tell(OP_DEVICE_SPI, &latency, EVENT_ROUNDS);
}

/* An SGI is acknowledged by hand; what is timed is one write to ICC_EOIR1_EL1. */
static void measure_eoi(void)
{
    struct latency latency = LATENCY_NONE;

    irq_mask();
    MARK(OP_EOI);
    for (uint32_t round = 0; round < EVENT_ROUNDS; round++) {
        uint64_t intid;

        WRITE(icc_sgi1r_el1, 1u | 6u << 24);
        do {
            intid = READ(icc_iar1_el1);
        } while (intid == 1023);
        align_phase(round % PHASES);
        uint64_t start = READ(cntvct_el0);
        __asm__ volatile("msr icc_eoir1_el1, %0" ::"r"(intid) : "memory");
        latency_add(&latency, READ(cntvct_el0) - start);
    }
    MARK_END();
    irq_unmask();
    latency_tell(OP_EOI, &latency, EVENT_ROUNDS);
}

static void measure_wfi(void)
{
    irq_mask();
    write32(GICR + 0x10200, 1u << 5); /* SGI 5 pending: WFI does not sleep */
    MARK(OP_WFI);
    uint64_t begin = READ(cntvct_el0);
    for (uint32_t round = 0; round < WFI_ROUNDS; round++) {
        __asm__ volatile("wfi");
    }
    uint64_t end = READ(cntvct_el0);
    MARK_END();
    tell(OP_WFI, end - begin, WFI_ROUNDS);
    irq_unmask();
}

void measure_interrupts(void)
{
    measure_self_sgi();
    measure_timer();
    measure_timer_exactly();
    measure_pended_spi();
    measure_bursts();
    measure_device_spi();
    measure_eoi();
    measure_wfi();
}
