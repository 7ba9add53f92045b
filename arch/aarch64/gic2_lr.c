/* SPDX-License-Identifier: Apache-2.0 */
#include "arch/aarch64/gic2.h"
#include "arch/aarch64/sysreg.h"
#include "arch/arch.h"

/* The virtual CPU interface of own CPU (IHI 0048 5.3: GICH_*). */

#define HCR_EN (1u << 0)
#define HCR_WHEN (ARCH_LR_WHEN_UNDERFLOW | ARCH_LR_WHEN_ABSENT | ARCH_LR_WHEN_NO_PENDING)
#define HCR_EOICOUNT_SHIFT 27
#define HCR_EOICOUNT_MASK (0x1fu << HCR_EOICOUNT_SHIFT)
#define VTR_LISTREGS 0x3fu
#define LR_MAX 16u /* more are not used; GIC-400 has four */

/*
 * GICH_LR<n> and the list registers of arch.h, which are GICv3's, hold the same in other places:
 * INTID[9:0]; [19:10] is [41:32] there: the physical INTID where HW is set, else bit 19 (41) asks
 * for a maintenance interrupt at the end, and [12:10] ([34:32]) is the sender of an SGI.
 */
#define LR_INTID 0x3ffu
#define LR_PHYSICAL_SHIFT 10
#define LR_PRIORITY_SHIFT 23 /* five bits; eight at 48 there */
#define LR_STATE_SHIFT 28    /* at 62 there */
#define LR_GROUP1 (1u << 30) /* at 60 there */
#define LR_HW (1u << 31)     /* at 61 there */

static uint64_t list_register(uint32_t lr)
{
    return gic2_control() + GICH_LR + 4u * lr;
}

uint32_t arch_lr_count(void)
{
    uint32_t count = (gic_read(gic2_control() + GICH_VTR) & VTR_LISTREGS) + 1u;

    return count < LR_MAX ? count : LR_MAX;
}

uint64_t arch_lr_get(uint32_t lr)
{
    uint32_t value = gic_read(list_register(lr));
    uint64_t result = value & LR_INTID;

    result |= (uint64_t)(value >> LR_PHYSICAL_SHIFT & 0x3ffu) << 32;
    result |= (uint64_t)(value >> LR_PRIORITY_SHIFT & 0x1fu) << 51;
    result |= (uint64_t)(value >> LR_STATE_SHIFT & 0x3u) << 62;
    result |= (value & LR_GROUP1) != 0 ? UINT64_C(1) << 60 : 0;
    result |= (value & LR_HW) != 0 ? UINT64_C(1) << 61 : 0;
    return result;
}

void arch_lr_set(uint32_t lr, uint64_t value)
{
    uint32_t result = (uint32_t)value & LR_INTID;

    result |= (uint32_t)(value >> 32 & 0x3ffu) << LR_PHYSICAL_SHIFT;
    result |= (uint32_t)(value >> 51 & 0x1fu) << LR_PRIORITY_SHIFT;
    result |= (uint32_t)(value >> 62 & 0x3u) << LR_STATE_SHIFT;
    result |= (value >> 60 & 1u) != 0 ? LR_GROUP1 : 0;
    result |= (value >> 61 & 1u) != 0 ? LR_HW : 0;
    gic_write(list_register(lr), result);
}

uint32_t arch_lr_empty(void)
{
    return gic_read(gic2_control() + GICH_ELRSR) & ((1u << arch_lr_count()) - 1u);
}

uint32_t arch_lr_eoi_count(void)
{
    uint32_t hcr = gic_read(gic2_control() + GICH_HCR);

    if ((hcr & HCR_EOICOUNT_MASK) != 0) {
        gic_write(gic2_control() + GICH_HCR, hcr & ~HCR_EOICOUNT_MASK);
    }
    return (hcr & HCR_EOICOUNT_MASK) >> HCR_EOICOUNT_SHIFT;
}

/* GICV_DIR has no trap: a deactivation without a list register shows in EOIcount alone. */
void arch_lr_control(uint32_t when)
{
    uint32_t eoi_count = gic_read(gic2_control() + GICH_HCR) & HCR_EOICOUNT_MASK;

    gic_write(gic2_control() + GICH_HCR, eoi_count | HCR_EN | (when & HCR_WHEN));
}

void arch_lr_off(void)
{
    gic_write(gic2_control() + GICH_HCR, 0);
}

void arch_lr_reset(void)
{
    for (uint32_t lr = 0; lr < arch_lr_count(); lr++) {
        arch_lr_set(lr, 0);
    }
    gic_write(gic2_control() + GICH_APR, 0);
    gic_write(gic2_control() + GICH_VMCR, 0);
    gic_write(gic2_control() + GICH_HCR, HCR_EN);
    aarch64_dsb_sy();
}
