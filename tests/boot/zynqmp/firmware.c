/* SPDX-License-Identifier: Apache-2.0 */
#include <stdatomic.h>
#include <stdint.h>

#include "tests/boot/zynqmp/mock.h"

/* PSCI (DEN 0022) as far as the hypervisor needs it, and EEMI by mock.c. */
#define PSCI_VERSION 0x84000000u
#define PSCI_SYSTEM_OFF 0x84000008u
#define PSCI_CPU_ON 0xc4000003u
#define EEMI 0xc2000000u
#define EEMI_MASK 0xfffff000u
#define NOT_SUPPORTED UINT64_MAX

#define CPUS 4u
#define IMAGE 0x200000u
#define TREE 0x100000u

/* UG1087: APU module, CRF_APB module, UART module, GIC-400 (IHI 0048). */
#define APU_RVBAR(cpu) (0xfd5c0040u + 8u * (cpu))
#define CRF_RST_FPD_APU 0xfd1a0104u
#define UART_SR 0xff00002cu
#define UART_FIFO 0xff000030u
#define UART_TX_FULL (1u << 4)
#define GICD_TYPER 0xf9010004u
#define GICD_IGROUPR(word) (0xf9010080u + 4u * (word))
#define GICC_PMR 0xf9020004u

/* Called by, and calling, start.S. */
struct entry {
    uint64_t address;
    uint64_t argument;
};
const struct entry *firmware_cpu(uint64_t cpu);
void firmware_call(uint64_t registers[]);
_Noreturn void firmware_exit(uint32_t status);
void _start(void);

static struct entry entries[CPUS] = { { .address = IMAGE, .argument = TREE } };
static atomic_flag busy = ATOMIC_FLAG_INIT;

static volatile uint32_t *reg(uint64_t address)
{
    return (volatile uint32_t *)(uintptr_t)address;
}

static void put(const char *text)
{
    for (; *text != '\0'; text++) {
        while ((*reg(UART_SR) & UART_TX_FULL) != 0) {
        }
        *reg(UART_FIFO) = (uint8_t)*text;
    }
}

static void put_number(uint32_t value)
{
    char text[11] = { 0 };
    uint32_t at = 10;

    do {
        text[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value != 0);
    put(&text[at]);
}

static void put_ids(const char *what, const uint8_t *counts)
{
    put("[firmware] ");
    put(what);
    for (uint32_t id = 0; id < MOCK_IDS; id++) {
        if (counts[id] != 0) {
            put(" ");
            put_number(id);
        }
    }
    put("\r\n");
}

/* What was done to the chip. */
static _Noreturn void off(void)
{
    put_ids("clocks switched on:", mock.clock_ons);
    put_ids("clocks switched off:", mock.clock_offs);
    put_ids("nodes requested:", mock.requested);
    put_ids("pins set:", mock.pins);
    firmware_exit(0);
}

/* All interrupts are the non-secure software's. */
const struct entry *firmware_cpu(uint64_t cpu)
{
    uint32_t words = cpu == 0 ? (*reg(GICD_TYPER) & 0x1f) + 1 : 1;

    for (uint32_t word = 0; word < words; word++) {
        *reg(GICD_IGROUPR(word)) = UINT32_MAX;
    }
    *reg(GICC_PMR) = 0xff;
    return &entries[cpu];
}

static uint64_t cpu_on(uint64_t cpu, uint64_t address, uint64_t argument)
{
    entries[cpu % CPUS] = (struct entry){ .address = address, .argument = argument };
    *reg(APU_RVBAR(cpu % CPUS)) = (uint32_t)(uintptr_t)_start;
    *reg(CRF_RST_FPD_APU) &= ~((1u << 10 | 1u) << cpu % CPUS);
    return 0;
}

void firmware_call(uint64_t registers[])
{
    uint32_t function = (uint32_t)registers[0];

    while (atomic_flag_test_and_set(&busy)) {
    }
    if ((function & EEMI_MASK) == EEMI) {
        mock_call(registers);
    } else if (function == PSCI_VERSION) {
        registers[0] = 0x10001;
    } else if (function == PSCI_CPU_ON) {
        registers[0] = cpu_on(registers[1], registers[2], registers[3]);
    } else if (function == PSCI_SYSTEM_OFF) {
        off();
    } else {
        registers[0] = NOT_SUPPORTED;
    }
    atomic_flag_clear(&busy);
}
