/* SPDX-License-Identifier: Apache-2.0 */

/* Writes everything to everything of its interrupt controller, then masks all that can be masked
 * and stays there: the first time without an exit, the second time with every priority active, so
 * that only its own exits let the hypervisor in. */

#include <bulkhead/channel.h>
#include <bulkhead/fault.h>
#include <bulkhead/irq.h>
#include <bulkhead/vm.h>

#include "../../gic.h"
#include "../../psci.h"
#include "../attacks.h"

#define DISTRIBUTOR_SIZE 0x10000u
#define INTID_COUNT 1020u

static bool skip(struct fault *fault, void *arg)
{
    (void)arg;
    fault->elr += 4;
    return true;
}

static void sweep(uint64_t base, uint32_t size, uint32_t value)
{
    for (uint32_t at = 0; at < size; at += 4) {
        mmio_write32(base + at, value);
    }
}

static void sweep_frames(void)
{
    static const uint32_t values[] = { UINT32_MAX, 0, 0x55555555, UINT32_MAX };

    for (unsigned i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        sweep(GICD, DISTRIBUTOR_SIZE, values[i]);
        sweep(GICR, GICR_STRIDE, values[i]);
        sweep(GICR + GICR_STRIDE, 0x1000, values[i]); /* another CPU's, which is not there */
    }
    for (uint32_t intid = 0; intid < 1024; intid++) {
        mmio_write8(GICD + IPRIORITYR + intid, 0);
        mmio_write64(GICD + IROUTER + 8 * (uint64_t)intid, UINT64_C(1) << 31);
        mmio_write64(GICD + IROUTER + 8 * (uint64_t)intid, 1); /* the victim's CPU */
    }
}

/* Every SGI to every CPU that there could be, in each of the registers' forms. */
static void send_sgis(void)
{
    for (uint64_t sgi = 0; sgi < 16; sgi++) {
        for (uint64_t range = 0; range < 16; range++) {
            for (uint64_t cluster = 0; cluster < 4; cluster++) {
                const uint64_t value = sgi << 24 | range << 44 | cluster << 16 | 0xffff;
                SYSREG_WRITE(icc_sgi1r_el1, value);
                SYSREG_WRITE(icc_asgi1r_el1, value);
                SYSREG_WRITE(icc_sgi0r_el1, value);
            }
        }
        SYSREG_WRITE(icc_sgi1r_el1, UINT64_C(1) << 40 | sgi << 24); /* all but itself */
        SYSREG_WRITE(icc_sgi0r_el1, UINT64_C(1) << 40 | sgi << 24);
    }
    SYSREG_WRITE(icc_sgi1r_el1, UINT64_MAX);
    ISB();
}

/* Ends what it never had; with it, what it has. */
static void end_everything(void)
{
    for (uint64_t mode = 0; mode < 4; mode++) {
        SYSREG_WRITE(icc_ctlr_el1, mode | 0x40);
        ISB();
        for (uint64_t intid = 0; intid < INTID_COUNT; intid++) {
            SYSREG_WRITE(icc_eoir1_el1, intid);
            SYSREG_WRITE(icc_eoir0_el1, intid);
            SYSREG_WRITE(icc_dir_el1, intid);
        }
        SYSREG_WRITE(icc_dir_el1, UINT64_MAX);
        SYSREG_WRITE(icc_dir_el1, UINT64_C(8192));
        (void)SYSREG_READ(icc_iar1_el1);
        (void)SYSREG_READ(icc_iar0_el1);
    }
    SYSREG_WRITE(icc_ctlr_el1, UINT64_MAX);
    SYSREG_WRITE(icc_ctlr_el1, 0);
    SYSREG_WRITE(icc_sre_el1, 0);
    for (uint64_t mask = 0; mask < 0x100; mask++) {
        SYSREG_WRITE(icc_pmr_el1, mask);
    }
    SYSREG_WRITE(icc_pmr_el1, UINT64_MAX);
    SYSREG_WRITE(icc_bpr0_el1, 7);
    SYSREG_WRITE(icc_bpr1_el1, 7);
    SYSREG_WRITE(icc_igrpen0_el1, 0);
    SYSREG_WRITE(icc_ap0r0_el1, UINT32_MAX);
    ISB();
}

/* The handler of the most urgent interrupt there is, which does not end. */
static void hold_most_urgent(void)
{
    mmio_write32(GICR + GICR_SGI_FRAME + ICENABLER, UINT32_MAX);
    mmio_write32(GICR + GICR_SGI_FRAME + ICPENDR, UINT32_MAX);
    mmio_write32(GICR + GICR_SGI_FRAME + ICACTIVER, UINT32_MAX);
    mmio_write32(GICD + GICD_CTLR, 0x12);
    gic_priority(0, 0);
    gic_bit_write(ISENABLER, 0);
    gic_bit_write(ISPENDR, 0);
    SYSREG_WRITE(icc_pmr_el1, 0xff);
    ISB();
    (void)SYSREG_READ(icc_iar1_el1);
    SYSREG_WRITE(icc_pmr_el1, 0);
    SYSREG_WRITE(icc_igrpen1_el1, 0);
    ISB();
}

int main(void)
{
    const struct channel *channel = channel_open("attacks");
    struct attacks *attacks = channel->window;
    const uint32_t number = attacks->begun + 1;

    fault_handler(skip, NULL);
    irq_mask();
    __asm__ volatile("msr daifset, #15");
    attacks->begun = number;
    sweep_frames();
    send_sgis();
    end_everything();
    hold_most_urgent();
    attacks->ended = number;
    if (number == ATTACK_COUNT) {
        SYSREG_WRITE(icc_ap1r0_el1, UINT32_MAX);
        for (;;) {
            (void)vm_hvc(PSCI_AFFINITY_INFO, 0, 0, 0);
        }
    }
    for (;;) {
        __asm__ volatile("");
    }
}
