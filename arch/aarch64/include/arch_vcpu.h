/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ARCH_VCPU_H
#define ARCH_VCPU_H

#include <stdint.h>

/* INTIDs of own CPU's interrupts that the hypervisor takes (Arm BSA 1.0, table 9). */
#define ARCH_IRQ_MAINTENANCE 25u
#define ARCH_IRQ_TIMER 26u

/* Functions that change x0 to x8, x16, x17 and x30 only (fast.S saves these); x18 is nobody's. */
#define ARCH_FAST_CALL __attribute__((preserve_most))

#define ARCH_ID_COUNT 64u

/* The registers of a guest that is not running; system registers stay in hardware, because a vCPU
 * has its pCPU for itself.  Behind them what the short ways know of the vCPU, which lasts from run
 * to run.  world.S and fast.S know these offsets. */
struct arch_vcpu {
    uint64_t x[31];
    const struct mmio_row *fast_last; /* of the last access: looked at first */
    const struct mmio_row *fast_rows;
    const struct mmio_row *fast_middle; /* where bisection begins */
    uint64_t fast_search;               /* where it goes on: code for as many steps as needed */
    uint64_t fast_call;                 /* function whose answer is always */
    uint64_t fast_answer;
    uint64_t id_known; /* bitmap of `id`: read once already */
    uint64_t id[ARCH_ID_COUNT];
    uint64_t acknowledged; /* INTID of an interrupt for which there was no short way */
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

/* Inline, so that who calls it in a rare case need not be ready for a call in every case. */
static inline void arch_cpu_wake(void)
{
    __asm__ volatile("dsb ishst\n\tsev" : : : "memory");
}

#endif
