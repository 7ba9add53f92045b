/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ARCH_ENTRY_H
#define ARCH_ENTRY_H

#include <stdint.h>

/*
 * Where a physical CPU goes once its architecture has made it fit for C: EL2 (or its like), own
 * stack, MMU on with the loader tables, interrupts masked.  loader/boot.c implements both.
 */

/* The CPU that firmware started. dtb: what firmware handed over (x0), 0 where it gave nothing. */
_Noreturn void boot_main(uint64_t dtb);
/* A CPU that arch_cpu_start() started. */
_Noreturn void boot_secondary(void);

#endif
