/* SPDX-License-Identifier: Apache-2.0 */
#include "arch/aarch64/sysreg.h"
#include "arch/arch.h"

/* The generic timer (Arm ARM D11): the hypervisor has CNTHP, guests have CNTV and CNTP. */

uint64_t arch_time_now(void)
{
    aarch64_isb();
    return AARCH64_READ(cntpct_el0);
}

uint64_t arch_time_hz(void)
{
    return AARCH64_READ(cntfrq_el0);
}

void arch_time_alarm(uint64_t deadline)
{
    AARCH64_WRITE(cnthp_cval_el2, deadline);
    AARCH64_WRITE(cnthp_ctl_el2, deadline == UINT64_MAX ? 0 : 1);
    aarch64_isb();
}

void arch_cpu_wait(void)
{
    __asm__ volatile("dsb sy\n\twfi" : : : "memory");
}

void arch_cpu_relax(void)
{
    __asm__ volatile("wfe" : : : "memory");
}

uint64_t arch_guest_timer_control(void)
{
    return AARCH64_READ(cntp_ctl_el0);
}

void arch_guest_timer_set_control(uint64_t control)
{
    AARCH64_WRITE(cntp_ctl_el0, control);
    aarch64_isb();
}

void arch_guest_timer_set_compare(uint64_t ticks)
{
    AARCH64_WRITE(cntp_cval_el0, ticks);
    aarch64_isb();
}
