/* SPDX-License-Identifier: Apache-2.0 */

#include "board.h"

/* Results wait here until all is measured: a hypervisor that shares its console may have work to do
 * long after a line was written. */
static char said[8192];
static uint32_t said_count;

static void put(char c)
{
    if (said_count < sizeof(said)) {
        said[said_count++] = c;
    }
}

static void say_all(void)
{
    for (uint32_t at = 0; at < said_count; at++) {
        while ((read32(UART + 0x18) & 0x20u) != 0) {
        }
        write32(UART, (uint8_t)said[at]);
    }
    said_count = 0;
}

void print(const char *text)
{
    for (; *text != '\0'; text++) {
        put(*text);
    }
}

void print_number(uint64_t value, unsigned base)
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

/* Two-dimensional: an array of pointers would need somebody to relocate it. */
#define OPERATION_NAME(id, name) name,
static const char names[OPERATION_COUNT][32] = { OPERATIONS(OPERATION_NAME) };

static void tell_of(enum operation operation, const char *of, uint64_t ticks, uint64_t rounds)
{
    print("bench: ");
    print(names[operation]);
    print(of);
    put(' ');
    print_number(ticks, 10);
    put(' ');
    print_number(rounds, 10);
    put('\n');
}

void tell(enum operation operation, uint64_t ticks, uint64_t rounds)
{
    tell_of(operation, "", ticks, rounds);
}

void latency_add(struct latency *latency, uint64_t ticks)
{
    latency->sum += ticks;
    latency->max = ticks > latency->max ? ticks : latency->max;
    latency->min = ticks < latency->min ? ticks : latency->min;
}

void latency_tell(enum operation operation, const struct latency *latency, uint32_t rounds)
{
    tell(operation, latency->sum, rounds);
    tell_of(operation, "-max", latency->max, 1);
    tell_of(operation, "-min", latency->min, 1);
}

uint64_t call(uint64_t function, uint64_t a, uint64_t b, uint64_t c)
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

_Noreturn void power_off(void)
{
    say_all();
    for (;;) {
        call(PSCI_SYSTEM_OFF, 0, 0, 0);
    }
}

void gic_init_cpu(uint64_t cpu)
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

void wait_for_console(void)
{
    uint64_t begin = READ(cntvct_el0);

    while (READ(cntvct_el0) - begin < READ(cntfrq_el0) / 10) {
    }
}

void gic_init(void)
{
    write32(GICD, 0);
    write32(GICD, 0x10);
    for (uint64_t word = 1; word < 2; word++) {
        write32(GICD + 0x180 + 4 * word, 0xffffffffu);
        write32(GICD + 0x380 + 4 * word, 0xffffffffu);
        write32(GICD + 0x80 + 4 * word, 0xffffffffu);
        for (uint64_t n = 0; n < 8; n++) {
            write32(GICD_IPRIORITYR + 32 * word + 4 * n, 0xa0a0a0a0u);
        }
    }
    write32(GICD, 0x12);
    gic_init_cpu(0);
}
