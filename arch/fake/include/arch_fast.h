/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ARCH_FAST_CPU_H
#define ARCH_FAST_CPU_H

/* See arch/aarch64/include/arch_fast.h; the host model takes the ordinary ways. */

#include "arch/arch.h"

#define ARCH_FAST_LRS 4u

static inline uint32_t arch_fast_ack(void)
{
    return arch_irq_ack();
}
static inline void arch_fast_drop(uint32_t intid)
{
    arch_irq_drop(intid);
}
static inline void arch_fast_deactivate(uint32_t intid)
{
    arch_irq_deactivate(intid);
}
static inline uint32_t arch_fast_lr_empty(void)
{
    return arch_lr_empty();
}
static inline void arch_fast_lr_set(uint32_t lr, uint64_t value)
{
    arch_lr_set(lr, value);
}
static inline void arch_fast_ipi(uint64_t target)
{
    arch_ipi_send((uint32_t)target);
}
static inline uint64_t arch_fast_ipi_target(uint32_t pcpu)
{
    return pcpu;
}

#endif
