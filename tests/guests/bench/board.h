/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_BOARD_H
#define BENCH_BOARD_H

/* QEMU virt (GICv3) as the guest knows it, its console, and how results are told. */

#include <stdint.h>

#include "operations.h"

#define GICD UINT64_C(0x08000000)
#define GICR UINT64_C(0x080a0000)
#define GICR_STRIDE UINT64_C(0x20000)
#define UART UINT64_C(0x09000000)
#define RTC UINT64_C(0x09010000)

#define GICD_ISENABLER1 (GICD + 0x104)
#define GICD_ICENABLER1 (GICD + 0x184)
#define GICD_ISPENDR1 (GICD + 0x204)
#define GICD_IPRIORITYR (GICD + 0x400)
#define GICD_ICFGR3 (GICD + 0xc0c)

#define TIMER_INTID 27u
#define RTC_INTID 34u
#define SPI_INTID 40u

#define PSCI_VERSION 0x84000000u
#define PSCI_FEATURES 0x8400000au
#define PSCI_CPU_ON 0xc4000003u
#define PSCI_SYSTEM_OFF 0x84000008u

#define READ(reg)                                                                                  \
    __extension__({                                                                                \
        uint64_t value_;                                                                           \
        __asm__ volatile("mrs %0, " #reg : "=r"(value_)::"memory");                                \
        value_;                                                                                    \
    })
#define WRITE(reg, value)                                                                          \
    __asm__ volatile("msr " #reg ", %0\n\tisb" ::"r"((uint64_t)(value)) : "memory")

static inline void irq_mask(void)
{
    __asm__ volatile("msr daifset, #2" ::: "memory");
}
static inline void irq_unmask(void)
{
    __asm__ volatile("msr daifclr, #2" ::: "memory");
}

static inline uint32_t read32(uint64_t address)
{
    return *(volatile uint32_t *)address;
}
static inline void write32(uint64_t address, uint32_t value)
{
    *(volatile uint32_t *)address = value;
}

uint64_t call(uint64_t function, uint64_t a, uint64_t b, uint64_t c);
/* After saying all that was printed. */
_Noreturn void power_off(void);
void gic_init(void);
void gic_init_cpu(uint64_t cpu);
/* A tenth of a second, in which a hypervisor's console sends what was told. */
void wait_for_console(void);
void print(const char *text);
void print_number(uint64_t value, unsigned base);
/* A line "bench: NAME TICKS ROUNDS"; instructions of a round are 16 * TICKS / ROUNDS. */
void tell(enum operation operation, uint64_t ticks, uint64_t rounds);

/* From an event to the handler's reading of the counter. */
#define EVENT_ROUNDS 256u /* 16 for each phase of the counter's tick: means are exact */
#define PHASES 16u
struct latency {
    uint64_t sum;
    uint64_t max;
    uint64_t min;
};
#define LATENCY_NONE                                                                               \
    {                                                                                              \
        0, 0, UINT64_MAX                                                                           \
    }
void latency_add(struct latency *latency, uint64_t ticks);
/* The line of the sum, and those of the worst and the best as NAME-max and NAME-min. */
void latency_tell(enum operation operation, const struct latency *latency, uint32_t rounds);

#endif
