/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PLATFORM_RELAX_H
#define PLATFORM_RELAX_H

/* What a CPU does while it waits for the UART, or for ever.  Here because platform/ may not reach
 * into arch/; own CPU, any state (MMU off too). */

static inline void plat_relax(void)
{
#if defined(__aarch64__)
    __builtin_arm_yield();
#elif defined(__x86_64__)
    __builtin_ia32_pause();
#endif
}

/* For good: masked interrupts wake WFI without being taken, hence the loop. */
_Noreturn static inline void plat_halt(void)
{
    for (;;) {
#if defined(__aarch64__)
        __builtin_arm_wfi();
#else
        plat_relax();
#endif
    }
}

#endif
