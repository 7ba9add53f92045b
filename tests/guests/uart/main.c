/* SPDX-License-Identifier: Apache-2.0 */

/* The PL011 (ARM DDI 0183) as a driver sees it; then an echo of one typed line. */

#include <bulkhead/irq.h>
#include <bulkhead/mmio.h>
#include <bulkhead/timer.h>
#include <string.h>

#include "../check.h"
#include "../gic.h"

#define UART UINT64_C(0x09000000)
#define UART_INTID 33u
#define DR 0x00
#define FR 0x18
#define FR_RXFE 0x10u
#define FR_TXFF 0x20u
#define FR_TXFE 0x80u
#define IBRD 0x24
#define CR 0x30
#define IMSC 0x38
#define RIS 0x3c
#define MIS 0x40
#define ICR 0x44
#define PERIPHERAL_ID 0xfe0
#define TX_INTERRUPT 0x20u
#define ALL_INTERRUPTS 0x7ffu

struct checks checks;

static uint32_t get(uint32_t offset)
{
    return mmio_read32(UART + offset);
}

static void put(uint32_t offset, uint32_t value)
{
    mmio_write32(UART + offset, value);
}

static void wait_sent(void)
{
    const uint64_t end = timer_now_ns() + UINT64_C(2000000000);
    while ((get(FR) & FR_TXFE) == 0 && timer_now_ns() < end) {
    }
}

static void test_identity(void)
{
    static const uint8_t cell_id[] = { 0x0d, 0xf0, 0x05, 0xb1 };
    bool primecell = true;

    check_equal("part number", get(PERIPHERAL_ID) | (get(PERIPHERAL_ID + 4) & 0xf) << 8, 0x011);
    for (uint32_t i = 0; i < 4; i++) {
        primecell = primecell && get(PERIPHERAL_ID + 16 + 4 * i) == cell_id[i];
    }
    check("PrimeCell identification", primecell);
}

static void test_registers(void)
{
    wait_sent();
    check("nothing typed, room to send", (get(FR) & (FR_RXFE | FR_TXFF)) == FR_RXFE);
    check_equal("transmit FIFO runs empty", get(FR) & FR_TXFE, FR_TXFE);
    const uint64_t state = irq_mask(); /* the console's handler would clear IMSC */
    put(IMSC, ALL_INTERRUPTS);
    check_equal("IMSC is kept", get(IMSC), ALL_INTERRUPTS);
    put(IMSC, 0);
    irq_restore(state);
    check_equal("IMSC is cleared", get(IMSC), 0);
    check_equal("so nothing is signalled", get(MIS), 0);
    put(IBRD, 13);
    check_equal("IBRD is kept", get(IBRD), 13);
    check("it is enabled", get(CR) & 1);
}

static void test_transmit_interrupt(void)
{
    const uint64_t state = irq_mask();

    put(ICR, ALL_INTERRUPTS);
    check_equal("ICR clears", get(RIS) & TX_INTERRUPT, 0);
    put(IMSC, TX_INTERRUPT);
    put(DR, '\n');
    wait_sent();
    check_equal("sending raises the transmit interrupt", get(RIS) & TX_INTERRUPT, TX_INTERRUPT);
    check_equal("MIS is RIS and IMSC", get(MIS), TX_INTERRUPT);
    check("its line is high at the interrupt controller", gic_bit(ISPENDR, UART_INTID));
    check("and interrupts the CPU", irq_waits());
    gic_bit_write(ICPENDR, UART_INTID);
    check("a level interrupt is not cleared by ICPENDR", gic_bit(ISPENDR, UART_INTID));
    put(ICR, TX_INTERRUPT);
    check("ICR takes the line down", !gic_bit(ISPENDR, UART_INTID) && !irq_waits());
    put(IMSC, 0);
    irq_restore(state);
}

static void test_echo(void)
{
    char line[64];

    printf("type a line: ");
    fflush(stdout);
    if (fgets(line, sizeof(line), stdin) == NULL) {
        check("a line is read", false);
        return;
    }
    line[strcspn(line, "\n")] = '\0';
    printf("\ntyped \"%s\"\n", line);
    check("a line is read", strlen(line) > 0);
    check("all of it was taken", get(FR) & FR_RXFE);
}

int main(void)
{
    test_identity();
    test_registers();
    test_transmit_interrupt();
    test_echo();
    return check_end();
}
