/* SPDX-License-Identifier: Apache-2.0 */

/* SGIs of every form at every target, and every register of the GIC written in every width. */

#include "../../gic.h"

#include "attacker.h"
#include "random.h"

#define GICD_SIZE 0x10000u
#define REDISTRIBUTORS 4u /* its own two, and those of the board's other CPUs */
#define SGI_COUNT 16u
#define SGI_AFF1(aff1) ((uint64_t)(aff1) << 16)
#define SGI_INTID(sgi) ((uint64_t)(sgi) << 24)
#define SGI_AFF2(aff2) ((uint64_t)(aff2) << 32)
#define SGI_ALL_BUT_SELF (UINT64_C(1) << 40)
#define SGI_RANGE(range) ((uint64_t)(range) << 44)
#define SGI_AFF3(aff3) ((uint64_t)(aff3) << 48)
#define RANDOM_SGIS 20000u

static uint64_t random_state = 4;
static uint64_t made;

static void send(uint64_t value)
{
    SYSREG_WRITE(icc_sgi1r_el1, value);
    SYSREG_WRITE(icc_asgi1r_el1, value);
    SYSREG_WRITE(icc_sgi0r_el1, value);
    made += 3;
    take_turns(made / 3);
}

/* Clusters by each affinity alone, all range selectors, all targets of a list and each. */
uint64_t attack_sgis(void)
{
    static const uint64_t lists[] = { 0, 1, 2, 3, 4, 8, 0x8000, 0xffff };

    made = 0;
    for (uint64_t sgi = 0; sgi < SGI_COUNT; sgi++) {
        for (uint64_t range = 0; range < 16; range++) {
            for (unsigned list = 0; list < sizeof(lists) / sizeof(lists[0]); list++) {
                send(SGI_INTID(sgi) | SGI_RANGE(range) | lists[list]);
            }
        }
        send(SGI_INTID(sgi) | SGI_ALL_BUT_SELF);
        send(SGI_INTID(sgi) | SGI_ALL_BUT_SELF | 0xffff);
    }
    for (uint64_t affinity = 0; affinity < 256; affinity++) {
        send(SGI_INTID(affinity % SGI_COUNT) | SGI_AFF1(affinity) | 0xffff);
        send(SGI_INTID(affinity % SGI_COUNT) | SGI_AFF2(affinity) | 0xffff);
        send(SGI_INTID(affinity % SGI_COUNT) | SGI_AFF3(affinity) | 0xffff);
    }
    for (unsigned i = 0; i < RANDOM_SGIS; i++) {
        send(random_next(&random_state));
    }
    return made;
}

static void write_all(uint64_t base, uint64_t size, uint64_t value)
{
    for (uint64_t at = 0; at < size; at += 8) {
        mmio_write64(base + at, value);
        mmio_write32(base + at, (uint32_t)value);
        mmio_write32(base + at + 4, (uint32_t)value);
        mmio_write8(base + at + at / 8 % 8, (uint8_t)value);
        __asm__ volatile("strh %w0, [%1]" ::"r"(value), "r"(base + at) : "memory");
        (void)mmio_read64(base + at);
        made += 6;
        take_turns(at / 8);
    }
}

static void routes_to_others(void)
{
    for (uint32_t intid = 0; intid < 1024; intid++) {
        for (uint64_t cpu = 0; cpu < 4; cpu++) {
            mmio_write64(GICD + IROUTER + 8 * (uint64_t)intid, cpu);
        }
        mmio_write64(GICD + IROUTER + 8 * (uint64_t)intid, UINT64_C(1) << 31);
        mmio_write64(GICD + IROUTER + 8 * (uint64_t)intid, random_next(&random_state));
        made += 6;
    }
}

/* Ends and deactivates what it never had; reads every acknowledge register. */
static void end_everything(void)
{
    for (uint64_t mode = 0; mode < 4; mode++) {
        SYSREG_WRITE(icc_ctlr_el1, mode);
        ISB();
        for (uint64_t intid = 0; intid < 1024; intid++) {
            SYSREG_WRITE(icc_eoir1_el1, intid);
            SYSREG_WRITE(icc_eoir0_el1, intid);
            SYSREG_WRITE(icc_dir_el1, intid);
            made += 3;
            take_turns(intid);
        }
        (void)SYSREG_READ(icc_iar1_el1);
        (void)SYSREG_READ(icc_iar0_el1);
        (void)SYSREG_READ(icc_hppir1_el1);
        (void)SYSREG_READ(icc_rpr_el1);
    }
    SYSREG_WRITE(icc_ctlr_el1, 0);
}

uint64_t attack_gic(void)
{
    const uint64_t values[] = { UINT64_MAX, 0, UINT64_C(0x5555555555555555), UINT64_MAX,
                                random_next(&random_state) };

    made = 0;
    for (unsigned i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        write_all(GICD, GICD_SIZE, values[i]);
        for (unsigned n = 0; n < REDISTRIBUTORS; n++) {
            write_all(GICR + n * GICR_STRIDE, 0x1000, values[i]);
            write_all(GICR + n * GICR_STRIDE + GICR_SGI_FRAME, 0x1000, values[i]);
        }
    }
    routes_to_others();
    end_everything();
    return made;
}

void gic_on(void)
{
    const uint64_t frame = GICR + GICR_SGI_FRAME;

    mmio_write32(GICR + GICR_WAKER, 0);
    mmio_write32(GICD + GICD_CTLR, 0x13);
    mmio_write32(frame + ICENABLER, UINT32_MAX);
    mmio_write32(frame + ICPENDR, UINT32_MAX);
    mmio_write32(frame + ICACTIVER, UINT32_MAX);
    mmio_write32(frame + IGROUPR, UINT32_MAX);
    for (uint32_t word = 1; word < 32; word++) {
        mmio_write32(GICD + ICENABLER + 4 * word, UINT32_MAX);
        mmio_write32(GICD + ICPENDR + 4 * word, UINT32_MAX);
        mmio_write32(GICD + ICACTIVER + 4 * word, UINT32_MAX);
        mmio_write32(GICD + IGROUPR + 4 * word, UINT32_MAX);
    }
    SYSREG_WRITE(icc_ap1r0_el1, 0);
    SYSREG_WRITE(icc_ap0r0_el1, 0);
    SYSREG_WRITE(icc_ctlr_el1, 0);
    SYSREG_WRITE(icc_bpr1_el1, 0);
    SYSREG_WRITE(icc_pmr_el1, 0xff);
    SYSREG_WRITE(icc_igrpen0_el1, 1);
    SYSREG_WRITE(icc_igrpen1_el1, 1);
    SYSREG_WRITE(cntv_ctl_el0, 2); /* the sweeps may have left it on */
    ISB();
}

void gic_open(uint32_t intid)
{
    gic_priority(intid, 0x80);
    if (intid >= 32) {
        mmio_write64(GICD + IROUTER + 8 * (uint64_t)intid, 0);
    }
    gic_bit_write(ISENABLER, intid);
}
