/* SPDX-License-Identifier: Apache-2.0 */

/* Asks for what it has no right to, once for every line that the hypervisor's log has for it; then
 * so often that the log must fall silent. */

#include <bulkhead/channel.h>
#include <bulkhead/fault.h>
#include <bulkhead/mmio.h>
#include <bulkhead/sysreg.h>

#include "../check.h"
#include "../gic.h"

#define HOLE UINT64_C(0x06000000)
#define UART UINT64_C(0x09000000)
#define FLOOD 100000u

struct checks checks;

static volatile unsigned faults;

static bool go_on(struct fault *fault, void *arg)
{
    (void)arg;
    faults++;
    fault->elr += 4;
    return true;
}

static void once(const char *name, unsigned wanted)
{
    check_equal(name, faults, wanted);
    faults = 0;
}

int main(void)
{
    const struct channel *wire = channel_open("wire");

    fault_handler(go_on, NULL);
    (void)mmio_read32(HOLE);
    once("a device that is not there", 1);
    mmio_write64(UART, 0);
    once("a width that the device has not", 1);
    __asm__ volatile("ldp w0, w1, [%0]" ::"r"(UART) : "x0", "x1", "memory");
    once("an access that no device has", 1);
    (void)SYSREG_READ(pmcr_el0);
    once("a system register that is not granted", 1);
    gic_bit_write(ISENABLER, 60);
    once("an interrupt that nobody raises", 0);
    mmio_write32((uint64_t)(uintptr_t)channel_open("in")->window, 1);
    once("a window that may only be read", 1);
    channel_ring(wire, 4);
    once("a peer that is not there", 0);
    (void)check_end();
    fflush(stdout);
    for (unsigned n = 0; n < FLOOD; n++) {
        (void)mmio_read32(HOLE);
    }
    printf("the flood is over\n");
    return faults != FLOOD;
}
