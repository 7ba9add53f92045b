/* SPDX-License-Identifier: Apache-2.0 */
#include "arch/aarch64/aarch64.h"
#include "arch/aarch64/sysreg.h"
#include "arch/arch.h"

/*
 * Registers of the guest's virtual CPU interface that trap only because ICC_DIR_EL1 shall: CPUs
 * without ICH_VTR_EL2.TDS (Cortex-A53, A57, A72) have no trap of it alone, but ICH_HCR_EL2.TC,
 * which takes ICC_PMR_EL1, ICC_CTLR_EL1 and ICC_RPR_EL1 along (IHI 0069 12.4).
 */

#define ICC_PMR_EL1 ARCH_SYSREG(3, 0, 4, 6, 0)
#define ICC_RPR_EL1 ARCH_SYSREG(3, 0, 12, 11, 3)
#define ICC_CTLR_EL1 ARCH_SYSREG(3, 0, 12, 12, 4)

/* ICH_VMCR_EL2 */
#define VMCR_PMR_SHIFT 24
#define VMCR_PMR (UINT64_C(0xff) << VMCR_PMR_SHIFT)
#define VMCR_EOIMODE (UINT64_C(1) << 9)
#define VMCR_CBPR (UINT64_C(1) << 4)
/* ICC_CTLR_EL1; PRIbits[10:8], IDbits[13:11], SEIS[14] and A3V[15] are at 31, 25, 22 and 21 of
 * ICH_VTR_EL2 */
#define CTLR_CBPR (UINT64_C(1) << 0)
#define CTLR_EOIMODE (UINT64_C(1) << 1)
#define CTLR_RSS (UINT64_C(1) << 18)

#define IDLE_PRIORITY 0xffu

static uint64_t vmcr_read(void)
{
    return AARCH64_READ(s3_4_c12_c11_7);
}

static uint64_t vtr_read(void)
{
    return AARCH64_READ(s3_4_c12_c11_1);
}

static uint64_t control_get(void)
{
    uint64_t vtr = vtr_read();
    uint64_t vmcr = vmcr_read();

    return ((vtr >> 29) & 0x7) << 8 | ((vtr >> 23) & 0x7) << 11 | ((vtr >> 22) & 0x1) << 14 |
           ((vtr >> 21) & 0x1) << 15 | (AARCH64_READ(s3_0_c12_c12_4) & CTLR_RSS) |
           ((vmcr & VMCR_EOIMODE) != 0 ? CTLR_EOIMODE : 0) |
           ((vmcr & VMCR_CBPR) != 0 ? CTLR_CBPR : 0);
}

static void control_set(uint64_t value)
{
    uint64_t vmcr = vmcr_read() & ~(VMCR_EOIMODE | VMCR_CBPR);

    AARCH64_WRITE(s3_4_c12_c11_7, vmcr | ((value & CTLR_EOIMODE) != 0 ? VMCR_EOIMODE : 0) |
                                      ((value & CTLR_CBPR) != 0 ? VMCR_CBPR : 0));
}

static void mask_set(uint64_t value)
{
    unsigned bits = (unsigned)(vtr_read() >> 29 & 0x7) + 1;
    uint64_t mask = (0xffu << (8 - bits)) & 0xffu;

    AARCH64_WRITE(s3_4_c12_c11_7, (vmcr_read() & ~VMCR_PMR) | (value & mask) << VMCR_PMR_SHIFT);
}

/* Active priorities, one bit a preemption level, the most urgent lowest: 32 levels a register. */
static uint64_t active_priorities(unsigned index)
{
    switch (index) {
    case 0:
        return AARCH64_READ(s3_4_c12_c8_0) | AARCH64_READ(s3_4_c12_c9_0); /* ICH_AP<0,1>R0_EL2 */
    case 1:
        return AARCH64_READ(s3_4_c12_c8_1) | AARCH64_READ(s3_4_c12_c9_1);
    case 2:
        return AARCH64_READ(s3_4_c12_c8_2) | AARCH64_READ(s3_4_c12_c9_2);
    default:
        return AARCH64_READ(s3_4_c12_c8_3) | AARCH64_READ(s3_4_c12_c9_3);
    }
}

static uint64_t running_priority(void)
{
    unsigned bits = (unsigned)(vtr_read() >> 26 & 0x7) + 1; /* PREbits */

    for (unsigned index = 0; index < 1u << (bits - 5); index++) {
        uint64_t active = active_priorities(index);

        if (active != 0) {
            return (32u * index + (unsigned)__builtin_ctzll(active)) << (8 - bits);
        }
    }
    return IDLE_PRIORITY;
}

/* true: the access was one of these, and is done. */
bool aarch64_icv_access(struct arch_vcpu *vcpu, const struct exit *exit)
{
    uint32_t encoding = exit->sysreg.encoding;
    uint64_t value = 0;

    if (encoding == ICC_PMR_EL1 && exit->sysreg.write) {
        mask_set(exit->sysreg.value);
    } else if (encoding == ICC_PMR_EL1) {
        value = (vmcr_read() & VMCR_PMR) >> VMCR_PMR_SHIFT;
    } else if (encoding == ICC_CTLR_EL1 && exit->sysreg.write) {
        control_set(exit->sysreg.value);
    } else if (encoding == ICC_CTLR_EL1) {
        value = control_get();
    } else if (encoding == ICC_RPR_EL1 && !exit->sysreg.write) {
        value = running_priority();
    } else {
        return false;
    }
    arch_vcpu_complete(vcpu, exit, value);
    return true;
}
