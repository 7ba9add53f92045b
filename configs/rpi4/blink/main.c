/* SPDX-License-Identifier: Apache-2.0 */

/* Blinks the green LED, pin 42, once a second.  Of the other pins' bits it sees zeros, and what it
 * writes to them is lost. */

#include <bulkhead/mmio.h>
#include <bulkhead/timer.h>
#include <stdint.h>
#include <stdio.h>

/* BCM2711 ARM Peripherals, chapter 5: three bits a pin select what it does, one sets or clears it.
 */
#define GPIO UINT64_C(0xfe200000)
#define GPFSEL4 (GPIO + 0x10)
#define GPSET1 (GPIO + 0x20)
#define GPCLR1 (GPIO + 0x2c)
#define GPLEV1 (GPIO + 0x38)
#define FSEL_PIN42 (UINT32_C(7) << 6)
#define FSEL_PIN42_OUTPUT (UINT32_C(1) << 6)
#define PIN42 (UINT32_C(1) << 10)

#define HALF_SECOND UINT64_C(500000000)

int main(void)
{
    mmio_write32(GPFSEL4, (mmio_read32(GPFSEL4) & ~FSEL_PIN42) | FSEL_PIN42_OUTPUT);
    for (unsigned blinks = 1;; blinks++) {
        mmio_write32(GPSET1, PIN42);
        timer_sleep(HALF_SECOND);
        uint32_t level = mmio_read32(GPLEV1);

        mmio_write32(GPCLR1, PIN42);
        timer_sleep(HALF_SECOND);
        printf("blink %u: the LED was %s\n", blinks, (level & PIN42) != 0 ? "on" : "off");
    }
}
