/* SPDX-License-Identifier: Apache-2.0 */

/* Owns the board's second UART (PL011) and sends a message on it, driven by its interrupt.  Boot
 * arguments: the UART's address and its SPI. */

#include <bulkhead/cpu.h>
#include <bulkhead/irq.h>
#include <bulkhead/mmio.h>
#include <bulkhead/vm.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>

/* PrimeCell UART (PL011), DDI 0183, 3.3: registers. */
#define UART_DR 0x00u
#define UART_FR 0x18u
#define UART_LCR_H 0x2cu
#define UART_CR 0x30u
#define UART_IMSC 0x38u
#define UART_ICR 0x44u

#define FR_TXFF (1u << 5)
#define LCR_H_WLEN_8 (3u << 5)
#define CR_ENABLED (1u << 0 | 1u << 8 | 1u << 9) /* UARTEN, TXE, RXE */
#define INT_TX (1u << 5)

static const char message[] = "one VM has this line for itself\r\n";

static uint64_t uart;
static unsigned sent; /* characters */
static unsigned interrupts;
static _Atomic bool finished;

static void send_next(void)
{
    if (message[sent] == '\0') {
        mmio_write32(uart + UART_IMSC, 0);
        finished = true;
        return;
    }
    while ((mmio_read32(uart + UART_FR) & FR_TXFF) != 0) {
        cpu_relax();
    }
    mmio_write32(uart + UART_DR, (uint8_t)message[sent++]);
}

static void on_transmit(uint32_t intid, void *arg)
{
    (void)intid;
    (void)arg;
    interrupts++;
    mmio_write32(uart + UART_ICR, INT_TX);
    send_next();
}

static bool is_finished(void *arg)
{
    (void)arg;
    return finished;
}

int main(void)
{
    unsigned spi;

    if (sscanf(vm_bootargs(), "%" SCNx64 " %u", &uart, &spi) != 2) {
        printf("FAIL: boot arguments \"%s\": expected the UART's address and SPI\n", vm_bootargs());
        return 1;
    }
    irq_handler(IRQ_SPI(spi), on_transmit, NULL);
    irq_enable(IRQ_SPI(spi));
    mmio_write32(uart + UART_LCR_H, LCR_H_WLEN_8); /* no FIFO: an interrupt a character */
    mmio_write32(uart + UART_CR, CR_ENABLED);
    mmio_write32(uart + UART_ICR, INT_TX);
    mmio_write32(uart + UART_IMSC, INT_TX);
    send_next();
    cpu_wait_until(is_finished, NULL);
    printf("%u characters sent by %u interrupts\n", sent, interrupts);
    return 0;
}
