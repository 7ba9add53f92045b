/* SPDX-License-Identifier: Apache-2.0 */
#include <stdbool.h>
#include <stdint.h>

/* Hidden: reached relative to the program counter. */
#pragma GCC visibility push(hidden)
void random_trace(void); /* trace.S */
bool random_note(const uint64_t frame[32]);
_Noreturn void random_main(void);
#pragma GCC visibility pop

#define UART UINT64_C(0x09000000)
#define EC_SVC 0x15u
#define STEPS_A_LINE 16u
#define PSCI_SYSTEM_OFF 0x84000008u

static uint64_t hash;
static uint32_t steps;
static uint32_t faults;

static uint32_t read32(uint64_t address)
{
    return *(volatile uint32_t *)address;
}

static void put(char c)
{
    while ((read32(UART + 0x18) & 0x20u) != 0) {
    }
    *(volatile uint32_t *)UART = (uint8_t)c;
}

static void print(const char *text)
{
    for (; *text != '\0'; text++) {
        put(*text);
    }
}

static void print_hex(uint64_t value)
{
    for (int shift = 60; shift >= 0; shift -= 4) {
        put("0123456789abcdef"[value >> shift & 0xf]);
    }
}

/* FNV-1a by words. */
static void mix(uint64_t value)
{
    hash = (hash ^ value) * UINT64_C(0x100000001b3);
}

static void tell(void)
{
    print("random: ");
    print_hex(steps);
    put(' ');
    print_hex(faults);
    put(' ');
    print_hex(hash);
    put('\n');
}

bool random_note(const uint64_t frame[32])
{
    uint64_t esr;
    uint64_t far;

    __asm__ volatile("mrs %0, esr_el1\n\tmrs %1, far_el1" : "=r"(esr), "=r"(far));
    for (unsigned n = 0; n < 32; n++) {
        mix(frame[n]);
    }
    if ((esr >> 26 & 0x3f) != EC_SVC) {
        mix(esr);
        mix(far);
        faults++;
        return false;
    }
    if (++steps % STEPS_A_LINE == 0) {
        tell();
    }
    return true;
}

_Noreturn void random_main(void)
{
    random_trace();
    tell();
    print("random: done\n");
    for (;;) {
        register uint64_t x0 __asm__("x0") = PSCI_SYSTEM_OFF;

        __asm__ volatile("hvc #0" : "+r"(x0) : : "memory");
    }
}
