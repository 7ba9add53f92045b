/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GUESTS_SHARED_PAGE_PINS_H
#define GUESTS_SHARED_PAGE_PINS_H

/* What each of the two VMs does with its half of the PL061 (DDI 0190, 3.2). */

#include <bulkhead/channel.h>
#include <bulkhead/cpu.h>
#include <bulkhead/fault.h>
#include <bulkhead/mmio.h>

#include "../check.h"

#define GPIO UINT64_C(0x09030000)
#define DATA_ALL (GPIO + 0x3fc) /* address bits 9:2 choose the pins */
#define DIR (GPIO + 0x400)
#define IE (GPIO + 0x410)
#define AFSEL (GPIO + 0x420)
#define PERIPH_ID0 (GPIO + 0xfe0)

#define ROUNDS 3000u

struct meeting {
    volatile uint32_t at[2]; /* how far each VM is */
};

static volatile unsigned faults;

static bool skip(struct fault *fault, void *arg)
{
    (void)arg;
    faults += FAULT_CLASS(fault->esr) == FAULT_DATA_ABORT;
    fault->elr += 4;
    return true;
}

/* Both wait until both are there. */
static void meet(const struct channel *channel, uint32_t step)
{
    struct meeting *meeting = channel->window;

    __atomic_store_n(&meeting->at[channel->self], step, __ATOMIC_RELEASE);
    while (__atomic_load_n(&meeting->at[1 - channel->self], __ATOMIC_ACQUIRE) < step) {
        cpu_relax();
    }
}

static void check_bits(uint32_t mine)
{
    mmio_write32(DIR, 0xffffffff);
    check_equal("own pins alone are output", mmio_read32(DIR), mine);
    mmio_write32(DATA_ALL, 0xff);
    check_equal("own pins alone are high", mmio_read32(DATA_ALL), mine);
    mmio_write32(GPIO + (mine << 2), 0);
    check_equal("own pins are low", mmio_read32(DATA_ALL), 0);
    mmio_write32(GPIO + ((~mine & 0xff) << 2), 0xff);
    check_equal("the other's address changes nothing here", mmio_read32(DATA_ALL), 0);
    mmio_write32(IE, 0xff);
    check_equal("a register that is not granted reads zero", mmio_read32(IE), 0);
    check_equal("a granted one that may be read", mmio_read32(PERIPH_ID0), 0x61);
    mmio_write32(PERIPH_ID0, 0);
    check_equal("is not written", mmio_read32(PERIPH_ID0), 0x61);
}

static void check_width(void)
{
    fault_handler(skip, NULL);
    mmio_write8(DIR, 0);
    fault_handler(NULL, NULL);
    check_equal("a width that the device does not take is a fault", faults, 1);
}

/* Each writes its bits of two registers over and over; a write of the other that undid one would
 * show when it is read back. */
static unsigned hammer(uint32_t mine)
{
    unsigned lost = 0;

    for (uint32_t round = 0; round < ROUNDS; round++) {
        uint32_t value = (round * 0x11) & mine;

        mmio_write32(AFSEL, value | ~mine);
        mmio_write32(DATA_ALL, value | ~mine);
        lost += mmio_read32(AFSEL) != value;
        lost += mmio_read32(DATA_ALL) != value;
    }
    return lost;
}

static int run(uint32_t mine)
{
    const struct channel *channel = channel_open("meet");

    meet(channel, 1);
    check_bits(mine);
    check_width();
    meet(channel, 2);
    check_equal("nothing is lost while both write", hammer(mine), 0);
    meet(channel, 3);
    check_equal("the direction stayed", mmio_read32(DIR), mine);
    check_equal("the last value stayed", mmio_read32(DATA_ALL), ((ROUNDS - 1) * 0x11) & mine);
    return check_end();
}

#endif
