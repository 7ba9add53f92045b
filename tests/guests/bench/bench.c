/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What operations cost on the board QEMU virt (GICv3), as a guest sees it: natively or below any
 * hypervisor.  Under -icount shift=0 an instruction is a nanosecond, and the counter ticks every
 * 16; each result is printed as "bench: NAME TICKS ROUNDS": instructions = 16 * TICKS / ROUNDS.
 * Loops include their own two instructions (NAME "loop").
 */

#include <stdint.h>

#include "board.h"
#include "interrupts.h"
#include "loops.h"

#define LOOP_ROUNDS 1024u
#define UNKNOWN_CALL 0xc7001234u

static volatile uint64_t other_time;
static volatile uint32_t other_on;
static _Alignas(16) uint8_t other_stack[1024];

_Noreturn void bench_unexpected(uint64_t esr, uint64_t elr, uint64_t far)
{
    print("bench: unexpected exception ");
    print_number(esr, 16);
    print(" ");
    print_number(elr, 16);
    print(" ");
    print_number(far, 16);
    print("\n");
    power_off();
}

#define LOOP(operation, loop, rounds)                                                              \
    do {                                                                                           \
        MARK(operation);                                                                           \
        uint64_t ticks_ = loop;                                                                    \
        MARK_END();                                                                                \
        tell(operation, ticks_, rounds);                                                           \
    } while (0)

static void measure_calls(void)
{
    LOOP(OP_LOOP, loop_empty(0, 0), LOOP_ROUNDS);
    LOOP(OP_HVC_VERSION, loop_hvc(PSCI_VERSION, 0), LOOP_ROUNDS);
    LOOP(OP_HVC_FEATURES, loop_hvc(PSCI_FEATURES, 0), LOOP_ROUNDS);
    LOOP(OP_HVC_UNKNOWN, loop_hvc(UNKNOWN_CALL, 0), LOOP_ROUNDS);
}

static void measure_devices(void)
{
    LOOP(OP_GICD_TYPER, loop_read32(GICD + 0x4, 0), LOOP_ROUNDS);
    LOOP(OP_GICD_TYPER_EVERY_REGISTER, loop_read32_every(GICD + 0x4), 31 * 32);
    LOOP(OP_GICD_ISENABLER1_READ, loop_read32(GICD_ISENABLER1, 0), LOOP_ROUNDS);
    LOOP(OP_GICD_ISENABLER1_WRITE_0, loop_write32(GICD_ISENABLER1, 0), LOOP_ROUNDS);
    LOOP(OP_GICD_ISENABLER1_WRITE_BIT, loop_write32(GICD_ISENABLER1, 1u << 8), LOOP_ROUNDS);
    wait_for_console(); /* that no device raises this one was told */
    LOOP(OP_GICD_IPRIORITYR_BYTE, loop_read8(GICD_IPRIORITYR + 32, 0), LOOP_ROUNDS);
    LOOP(OP_GICR_TYPER, loop_read32(GICR + 0x8, 0), LOOP_ROUNDS);
    LOOP(OP_GICR_TYPER_64, loop_read64(GICR + 0x8, 0), LOOP_ROUNDS);
    LOOP(OP_UART_FR, loop_read32(UART + 0x18, 0), LOOP_ROUNDS);
    LOOP(OP_UART_FR_EVERY_REGISTER, loop_read32_every(UART + 0x18), 31 * 32);
    LOOP(OP_UART_FR_HALF, loop_read16(UART + 0x18, 0), LOOP_ROUNDS);
    LOOP(OP_UART_FR_BYTE, loop_read8(UART + 0x18, 0), LOOP_ROUNDS);
    LOOP(OP_UART_WRITE, loop_write32(UART + 0x38, 0), LOOP_ROUNDS);
    LOOP(OP_UART_WRITE_HALF, loop_write16(UART + 0x38, 0), LOOP_ROUNDS);
    LOOP(OP_UART_WRITE_BYTE, loop_write8(UART + 0x38, 0), LOOP_ROUNDS);
}

static void measure_registers(void)
{
    LOOP(OP_ID_REGISTER, loop_id(0, 0), LOOP_ROUNDS);
    LOOP(OP_MPIDR, loop_mpidr(0, 0), LOOP_ROUNDS);
    LOOP(OP_CTR, loop_ctr(0, 0), LOOP_ROUNDS);
    LOOP(OP_ICC_PMR, loop_pmr(0, 0), LOOP_ROUNDS);
    LOOP(OP_CNTV_CTL, loop_cntv(0, 0), LOOP_ROUNDS);
}

/* --- Two CPUs --- */

_Noreturn void bench_secondary(void)
{
    other_time = READ(cntvct_el0);
    MARK_END();
    gic_init_cpu(1);
    other_on = 1;
    irq_unmask();
    for (;;) {
        __asm__ volatile("yield"); /* awake, so that what is measured is the interrupt alone */
    }
}

static void measure_cpus(void)
{
    struct latency latency = LATENCY_NONE;
    struct latency round_trip = LATENCY_NONE;

    MARK(OP_CPU_ON);
    uint64_t start = READ(cntvct_el0);
    if (call(PSCI_CPU_ON, 1, (uint64_t)secondary_entry,
             (uint64_t)(other_stack + sizeof(other_stack))) != 0) {
        return;
    }
    while (other_on == 0) {
        __asm__ volatile("yield");
    }
    tell(OP_CPU_ON, other_time - start, 1);
    MARK(OP_IPI);
    for (uint32_t round = 0; round < EVENT_ROUNDS; round++) {
        uint32_t before = irq_count;

        align_phase(round % PHASES);
        start = READ(cntvct_el0);
        WRITE(icc_sgi1r_el1, 2u | 4u << 24);
        while (irq_count == before) {
            __asm__ volatile("yield");
        }
        latency_add(&round_trip, READ(cntvct_el0) - start);
        latency_add(&latency, irq_time - start);
    }
    MARK_END();
    latency_tell(OP_IPI, &latency, EVENT_ROUNDS);
    latency_tell(OP_IPI_ROUND, &round_trip, EVENT_ROUNDS);
}

_Noreturn void bench_main(void)
{
    uint64_t start = READ(cntvct_el0);

    MARK(OP_GIC_INIT); /* the first mark: boot ends here */
    gic_init();
    uint64_t end = READ(cntvct_el0);
    MARK_END();
    irq_unmask();
    tell(OP_START, start, 1);
    tell(OP_GIC_INIT, end - start, 1);
    wait_for_console();
    measure_calls();
    measure_devices();
    measure_registers();
    measure_interrupts();
    measure_cpus();
    tell(OP_DONE, 0, 1);
    power_off();
}
