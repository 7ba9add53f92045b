/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ARCH_VCPU_H
#define ARCH_VCPU_H

#include <stdint.h>

/* INTIDs of own CPU's interrupts that the hypervisor takes (Arm BSA 1.0, table 9). */
#define ARCH_IRQ_MAINTENANCE 25u
#define ARCH_IRQ_TIMER 26u

/* The registers of a guest that is not running; system registers stay in hardware, because a vCPU
 * has its pCPU for itself.  world.S knows these offsets. */
struct arch_vcpu {
    uint64_t x[31];
};

/* Register 31 reads as zero and ignores writes. */
static inline uint64_t arch_reg_get(const struct arch_vcpu *vcpu, unsigned reg)
{
    return reg < 31 ? vcpu->x[reg] : 0;
}
static inline void arch_reg_set(struct arch_vcpu *vcpu, unsigned reg, uint64_t value)
{
    if (reg < 31) {
        vcpu->x[reg] = value;
    }
}

#endif
