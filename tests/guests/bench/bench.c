/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What operations cost on the board QEMU virt (GICv3), as a guest sees it: natively or below any
 * hypervisor.  Under -icount shift=0 an instruction is a nanosecond, and the counter ticks every
 * 16; each result is printed as "bench: NAME TICKS ROUNDS": instructions = 16 * TICKS / ROUNDS.
 * Loops include their own two instructions (NAME "loop").
 */

#include <stdint.h>

#include "loops.h"

#define GICD UINT64_C(0x08000000)
#define GICR UINT64_C(0x080a0000)
#define GICR_STRIDE UINT64_C(0x20000)
#define UART UINT64_C(0x09000000)
#define RTC UINT64_C(0x09010000)
#define LOOP_ROUNDS 1024u
#define EVENT_ROUNDS 256u
#define PSCI_VERSION 0x84000000u
#define PSCI_FEATURES 0x8400000au
#define PSCI_CPU_ON 0xc4000003u
#define PSCI_SYSTEM_OFF 0x84000008u
#define UNKNOWN_CALL 0xc7001234u
#define TIMER_INTID 27u
#define SPI_INTID 40u

#define READ(reg)                                                                                  \
    __extension__({                                                                                \
        uint64_t value_;                                                                           \
        __asm__ volatile("mrs %0, " #reg : "=r"(value_)::"memory");                                \
        value_;                                                                                    \
    })
#define WRITE(reg, value)                                                                          \
    __asm__ volatile("msr " #reg ", %0\n\tisb" ::"r"((uint64_t)(value)) : "memory")

static volatile uint64_t other_time;
static volatile uint32_t other_on;
static _Alignas(16) uint8_t other_stack[1024];

static uint32_t read32(uint64_t address)
{
    return *(volatile uint32_t *)address;
}
static void write32(uint64_t address, uint32_t value)
{
    *(volatile uint32_t *)address = value;
}

static void put(char c)
{
    while ((read32(UART + 0x18) & 0x20u) != 0) {
    }
    write32(UART, (uint8_t)c);
}
static void print(const char *text)
{
    for (; *text != '\0'; text++) {
        put(*text);
    }
}
static void print_number(uint64_t value, unsigned base)
{
    char digits[24];
    unsigned count = 0;

    do {
        digits[count++] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value != 0);
    while (count > 0) {
        put(digits[--count]);
    }
}
static void tell(const char *name, uint64_t ticks, uint64_t rounds)
{
    print("bench: ");
    print(name);
    put(' ');
    print_number(ticks, 10);
    put(' ');
    print_number(rounds, 10);
    put('\n');
}

static uint64_t call(uint64_t function, uint64_t a, uint64_t b, uint64_t c)
{
    register uint64_t x0 __asm__("x0") = function;
    register uint64_t x1 __asm__("x1") = a;
    register uint64_t x2 __asm__("x2") = b;
    register uint64_t x3 __asm__("x3") = c;

    __asm__ volatile("hvc #0"
                     : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3)
                     :
                     : "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14", "x15",
                       "x16", "x17", "memory");
    return x0;
}

_Noreturn void bench_unexpected(uint64_t esr, uint64_t elr, uint64_t far)
{
    print("bench: unexpected exception ");
    print_number(esr, 16);
    put(' ');
    print_number(elr, 16);
    put(' ');
    print_number(far, 16);
    put('\n');
    for (;;) {
        call(PSCI_SYSTEM_OFF, 0, 0, 0);
    }
}

static void gic_init_cpu(uint64_t cpu)
{
    uint64_t gicr = GICR + GICR_STRIDE * cpu;

    write32(gicr + 0x14, 0); /* WAKER */
    while ((read32(gicr + 0x14) & 4u) != 0) {
    }
    write32(gicr + 0x10080, 0xffffffffu); /* IGROUPR0 */
    for (uint64_t n = 0; n < 8; n++) {
        write32(gicr + 0x10400 + 4 * n, 0xa0a0a0a0u);
    }
    write32(gicr + 0x10100, 0xffffu | 1u << TIMER_INTID); /* ISENABLER0 */
    WRITE(icc_sre_el1, 7);
    WRITE(icc_pmr_el1, 0xf0);
    WRITE(icc_bpr1_el1, 0);
    WRITE(icc_igrpen1_el1, 1);
}

static void gic_init(void)
{
    write32(GICD, 0);
    write32(GICD, 0x10);
    for (uint64_t word = 1; word < 2; word++) {
        write32(GICD + 0x180 + 4 * word, 0xffffffffu);
        write32(GICD + 0x380 + 4 * word, 0xffffffffu);
        write32(GICD + 0x80 + 4 * word, 0xffffffffu);
        for (uint64_t n = 0; n < 8; n++) {
            write32(GICD + 0x400 + 32 * word + 4 * n, 0xa0a0a0a0u);
        }
    }
    write32(GICD, 0x12);
    gic_init_cpu(0);
}

/* --- Synchronous operations --- */

static void bench_loops(void)
{
    tell("loop", loop_empty(0, 0), LOOP_ROUNDS);
    tell("hvc-version", loop_hvc(PSCI_VERSION, 0), LOOP_ROUNDS);
    tell("hvc-features", loop_hvc(PSCI_FEATURES, 0), LOOP_ROUNDS);
    tell("hvc-unknown", loop_hvc(UNKNOWN_CALL, 0), LOOP_ROUNDS);
    tell("gicd-typer", loop_read32(GICD + 0x4, 0), LOOP_ROUNDS);
    tell("gicd-typer-every-register", loop_read32_every(GICD + 0x4), 30 * 32);
    tell("gicd-isenabler1-read", loop_read32(GICD + 0x104, 0), LOOP_ROUNDS);
    tell("gicd-isenabler1-write-0", loop_write32(GICD + 0x104, 0), LOOP_ROUNDS);
    tell("gicd-isenabler1-write-bit", loop_write32(GICD + 0x104, 1u << 8), LOOP_ROUNDS);
    tell("gicd-ipriorityr-byte", loop_read8(GICD + 0x420, 0), LOOP_ROUNDS);
    tell("gicr-typer", loop_read32(GICR + 0x8, 0), LOOP_ROUNDS);
    tell("gicr-typer-64", loop_read64(GICR + 0x8, 0), LOOP_ROUNDS);
    tell("uart-fr", loop_read32(UART + 0x18, 0), LOOP_ROUNDS);
    tell("uart-fr-half", loop_read16(UART + 0x18, 0), LOOP_ROUNDS);
    tell("uart-fr-byte", loop_read8(UART + 0x18, 0), LOOP_ROUNDS);
    tell("uart-write", loop_write32(UART + 0x38, 0), LOOP_ROUNDS);
    tell("id-register", loop_id(0, 0), LOOP_ROUNDS);
    tell("mpidr", loop_mpidr(0, 0), LOOP_ROUNDS);
    tell("icc-pmr", loop_pmr(0, 0), LOOP_ROUNDS);
    tell("cntv-ctl", loop_cntv(0, 0), LOOP_ROUNDS);
}

/* --- Interrupts: from the event to the handler's reading of the counter --- */

struct latency {
    uint64_t sum;
    uint64_t max;
};

static void add(struct latency *latency, uint64_t ticks)
{
    latency->sum += ticks;
    latency->max = ticks > latency->max ? ticks : latency->max;
}

static void tell_latency(const char *name, const char *name_max, const struct latency *latency)
{
    tell(name, latency->sum, EVENT_ROUNDS);
    tell(name_max, latency->max, 1);
}

/* A different number of instructions each round, so that all 16 phases of the counter's tick come
 * up equally often. */
static void shift_phase(uint32_t round)
{
    for (uint32_t n = round % 16; n > 0; n--) {
        __asm__ volatile("nop");
    }
}

static void wait_interrupt(uint32_t before)
{
    while (irq_count == before) {
    }
}

static void bench_self_sgi(void)
{
    struct latency to_handler = { 0, 0 };
    struct latency round_trip = { 0, 0 };

    for (uint32_t round = 0; round < EVENT_ROUNDS; round++) {
        uint32_t before = irq_count;

        shift_phase(round);
        uint64_t start = READ(cntvct_el0);
        WRITE(icc_sgi1r_el1, 1u | 3u << 24);
        wait_interrupt(before);
        add(&round_trip, READ(cntvct_el0) - start);
        add(&to_handler, irq_time - start);
    }
    tell_latency("self-sgi", "self-sgi-max", &to_handler);
    tell_latency("self-sgi-round", "self-sgi-round-max", &round_trip);
}

static void bench_timer(void)
{
    struct latency latency = { 0, 0 };

    for (uint32_t round = 0; round < EVENT_ROUNDS; round++) {
        uint32_t before = irq_count;
        uint64_t due = READ(cntvct_el0) + 40 + round % 16;

        WRITE(cntv_cval_el0, due);
        WRITE(cntv_ctl_el0, 1);
        wait_interrupt(before);
        add(&latency, irq_time - due);
    }
    tell_latency("timer", "timer-max", &latency);
}

/* A physical SPI is pended by hand: the distributor's write is part of it. */
static void bench_spi(void)
{
    struct latency latency = { 0, 0 };

    write32(GICD + 0x104, 1u << (SPI_INTID - 32));
    if ((read32(GICD + 0x104) & 1u << (SPI_INTID - 32)) == 0) {
        return; /* it is not there for this guest */
    }
    for (uint32_t round = 0; round < EVENT_ROUNDS; round++) {
        uint32_t before = irq_count;

        shift_phase(round);
        uint64_t start = READ(cntvct_el0);
        write32(GICD + 0x204, 1u << (SPI_INTID - 32));
        wait_interrupt(before);
        add(&latency, irq_time - start);
    }
    write32(GICD + 0x184, 1u << (SPI_INTID - 32));
    tell_latency("pended-spi", "pended-spi-max", &latency);
}

/* The clock's alarm (PL031, SPI 2) is a real device's interrupt: a match value in the past raises
 * it with the write. */
#define RTC_INTID 34u
static void bench_device_spi(void)
{
    struct latency latency = { 0, 0 };

    if (read32(RTC + 0xfe0) != 0x31) {
        return;
    }
    write32(RTC + 0x10, 1); /* IMSC */
    write32(GICD + 0x104, 1u << (RTC_INTID - 32));
    for (uint32_t round = 0; round < EVENT_ROUNDS; round++) {
        uint32_t before = irq_count;

        write32(RTC + 0x10, 0);
        write32(RTC + 0x4, read32(RTC)); /* match now */
        write32(RTC + 0x1c, 0);
        shift_phase(round);
        uint64_t start = READ(cntvct_el0);
        write32(RTC + 0x10, 1);
        for (uint32_t n = 0; n < 1000 && irq_count == before; n++) {
        }
        if (irq_count == before) {
            return;
        }
        add(&latency, irq_time - start);
        write32(RTC + 0x10, 0);
        write32(RTC + 0x1c, 1);
    }
    write32(GICD + 0x184, 1u << (RTC_INTID - 32));
    tell_latency("device-spi", "device-spi-max", &latency);
}

static void bench_wfi(void)
{
    __asm__ volatile("msr daifset, #2");
    write32(GICR + 0x10200, 1u << 5); /* SGI 5 pending: WFI does not sleep */
    uint64_t begin = READ(cntvct_el0);
    for (uint32_t round = 0; round < LOOP_ROUNDS; round++) {
        __asm__ volatile("wfi");
    }
    tell("wfi", READ(cntvct_el0) - begin, LOOP_ROUNDS);
    __asm__ volatile("msr daifclr, #2");
}

/* --- Two CPUs --- */

_Noreturn void bench_secondary(void)
{
    other_time = READ(cntvct_el0);
    gic_init_cpu(1);
    other_on = 1;
    __asm__ volatile("msr daifclr, #2");
    for (;;) {
        __asm__ volatile("yield"); /* awake, so that what is measured is the interrupt alone */
    }
}

static void bench_ipi(void)
{
    struct latency latency = { 0, 0 };
    uint64_t start = READ(cntvct_el0);

    if (call(PSCI_CPU_ON, 1, (uint64_t)secondary_entry,
             (uint64_t)(other_stack + sizeof(other_stack))) != 0) {
        return;
    }
    while (other_on == 0) {
        __asm__ volatile("yield");
    }
    tell("cpu-on", other_time - start, 1);
    for (uint32_t round = 0; round < EVENT_ROUNDS; round++) {
        uint32_t before = irq_count;

        shift_phase(round);
        start = READ(cntvct_el0);
        WRITE(icc_sgi1r_el1, 2u | 4u << 24);
        while (irq_count == before) {
            __asm__ volatile("yield");
        }
        add(&latency, irq_time - start);
    }
    tell_latency("ipi", "ipi-max", &latency);
}

_Noreturn void bench_main(void)
{
    uint64_t start = READ(cntvct_el0);

    gic_init();
    uint64_t end = READ(cntvct_el0);
    __asm__ volatile("msr daifclr, #2");
    tell("start", start, 1);
    tell("gic-init", end - start, 1);
    bench_loops();
    bench_self_sgi();
    bench_timer();
    bench_spi();
    bench_device_spi();
    bench_wfi();
    bench_ipi();
    print("bench: done 0 1\n");
    for (;;) {
        call(PSCI_SYSTEM_OFF, 0, 0, 0);
    }
}
