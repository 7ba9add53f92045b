/* SPDX-License-Identifier: Apache-2.0 */

/* Blinks the status LED, GPIO3 pin 16, once a second; nobody else reaches that controller. */

#include <bulkhead/mmio.h>
#include <bulkhead/timer.h>
#include <stdint.h>
#include <stdio.h>

/* i.MX 8M Mini reference manual (IMX8MMRM), chapter "General Purpose Input/Output": data register,
 * direction register.  The LED is on while its pin is low. */
#define GPIO3 UINT64_C(0x30220000)
#define GPIO_DR (GPIO3 + 0x0)
#define GPIO_GDIR (GPIO3 + 0x4)
#define PIN16 (UINT32_C(1) << 16)

#define HALF_SECOND UINT64_C(500000000)

int main(void)
{
    mmio_write32(GPIO_GDIR, mmio_read32(GPIO_GDIR) | PIN16);
    for (unsigned blinks = 1;; blinks++) {
        mmio_write32(GPIO_DR, mmio_read32(GPIO_DR) & ~PIN16);
        timer_sleep(HALF_SECOND);
        mmio_write32(GPIO_DR, mmio_read32(GPIO_DR) | PIN16);
        timer_sleep(HALF_SECOND);
        printf("blink %u\n", blinks);
    }
}
