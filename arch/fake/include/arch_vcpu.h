/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ARCH_VCPU_H
#define ARCH_VCPU_H

#include <stdint.h>

#define ARCH_IRQ_TIMER 26u
#define ARCH_IRQ_MAINTENANCE 25u

#define ARCH_FAST_CALL /* an ordinary function */

struct arch_vcpu {
    uint64_t x[31];
    uint64_t pc;
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

void arch_cpu_wake(void);

#endif
