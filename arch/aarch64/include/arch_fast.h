/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ARCH_FAST_CPU_H
#define ARCH_FAST_CPU_H

/* What short ways (arch/fast.h) need of own CPU's GICv3 interface, inline (IHI 0069 12.2, 12.4). An
 * exception comes before and after them, so nothing is waited for (ISB). */

#include <stdint.h>

#define ARCH_FAST_LRS 4u /* list registers that arch_fast_lr_set() knows */

/* As arch_irq_ack(), but what is 1020 and up was not acknowledged, or is an LPI. */
static inline uint32_t arch_fast_ack(void)
{
    uint64_t intid;

    __asm__ volatile("mrs %0, s3_0_c12_c12_0\n\tdsb sy" : "=r"(intid) : : "memory"); /* IAR1 */
    return (uint32_t)intid;
}

static inline void arch_fast_drop(uint32_t intid)
{
    __asm__ volatile("msr s3_0_c12_c12_1, %0" : : "r"((uint64_t)intid) : "memory"); /* EOIR1 */
}

/* SGI or PPI. */
static inline void arch_fast_deactivate(uint32_t intid)
{
    __asm__ volatile("msr s3_0_c12_c11_1, %0" : : "r"((uint64_t)intid) : "memory"); /* DIR */
}

static inline uint32_t arch_fast_lr_empty(void)
{
    uint64_t empty;

    __asm__ volatile("mrs %0, s3_4_c12_c11_5" : "=r"(empty) : : "memory"); /* ICH_ELRSR */
    return (uint32_t)empty;
}

static inline void arch_fast_lr_set(uint32_t lr, uint64_t value)
{
    if (lr == 0) {
        __asm__ volatile("msr s3_4_c12_c12_0, %0" : : "r"(value) : "memory");
    } else if (lr == 1) {
        __asm__ volatile("msr s3_4_c12_c12_1, %0" : : "r"(value) : "memory");
    } else if (lr == 2) {
        __asm__ volatile("msr s3_4_c12_c12_2, %0" : : "r"(value) : "memory");
    } else {
        __asm__ volatile("msr s3_4_c12_c12_3, %0" : : "r"(value) : "memory");
    }
}

/* The hypervisor's IPI to the CPU that arch_fast_ipi_target() names; what was written before is
 * visible there. */
static inline void arch_fast_ipi(uint64_t target)
{
    __asm__ volatile("dsb ishst\n\tmsr s3_0_c12_c11_5, %0" : : "r"(target) : "memory"); /* SGI1R */
}
uint64_t arch_fast_ipi_target(uint32_t pcpu);

#endif
