/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A bare-metal guest that knows its VM by the exported header alone: it speaks by the UART, and the
 * two peers of the channel tell each other a number.  The MMU stays off, so accesses are aligned.
 */

#include <stdint.h>

#include "guest.h"

#define UART_DR 0x00u
#define UART_FR 0x18u
#define UART_FR_TXFF 0x20u
#define GICD_ISPENDR 0x200u
#define BELL_RING 0x14u
#define BELL_FROM 0x18u
#define OTHER (1u - GUEST_CHANNEL_MAIL_SELF)
#define WORD_UP 8u /* in the window, behind the numbers of both */
#define PSCI_SYSTEM_OFF 0x84000008u

void guest_main(uint64_t tree);

volatile uint32_t told; /* what the other one said; a debugger looks at it */

static volatile uint32_t *reg(uint64_t address)
{
    return (volatile uint32_t *)address;
}

static void print(const char *text)
{
    for (; *text != '\0'; text++) {
        while ((*reg(GUEST_UART0_BASE + UART_FR) & UART_FR_TXFF) != 0) {
        }
        *reg(GUEST_UART0_BASE + UART_DR) = (uint8_t)*text;
    }
}

static void say(uint32_t number)
{
    *reg(GUEST_CHANNEL_MAIL_BASE + 4u * GUEST_CHANNEL_MAIL_SELF) = number;
    __asm__ volatile("dmb sy" ::: "memory");
    *reg(GUEST_CHANNEL_MAIL_DOORBELL_BASE + BELL_RING) = 1u << OTHER;
}

/* The interrupt is pending in the distributor, by the number that was exported. */
static void hear(void)
{
    uint32_t intid = GUEST_CHANNEL_MAIL_DOORBELL_INTID;

    while ((*reg(GUEST_GICD_BASE + GICD_ISPENDR + 4 * (intid / 32)) & (1u << (intid % 32))) == 0) {
    }
    if (*reg(GUEST_CHANNEL_MAIL_DOORBELL_BASE + BELL_FROM) == 1u << OTHER) {
        print("rung by the other one\n");
    }
    told = *reg(GUEST_CHANNEL_MAIL_BASE + 4u * OTHER);
}

static _Noreturn void off(void)
{
    register uint64_t x0 __asm__("x0") = PSCI_SYSTEM_OFF;

    for (;;) {
        __asm__ volatile("hvc #0" : "+r"(x0)::"memory");
    }
}

void guest_main(uint64_t tree)
{
    print(tree == GUEST_DTB_BASE ? "tree where it was exported\n" : "tree elsewhere\n");
    if (GUEST_CHANNEL_MAIL_SELF == 0) {
        while (*reg(GUEST_CHANNEL_MAIL_BASE + WORD_UP) ==
               0) { /* a VM that starts has no interrupt */
        }
        say(4711);
        hear();
        print(told == 4712 ? "heard 4712\n" : "heard nonsense\n");
    } else {
        *reg(GUEST_CHANNEL_MAIL_BASE + WORD_UP) = 1;
        hear();
        print(told == 4711 ? "heard 4711\n" : "heard nonsense\n");
        say(told + 1);
    }
    off();
}
