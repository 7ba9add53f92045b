/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GUEST_MMU_H
#define GUEST_MMU_H

#include <stdint.h>

/* Identity mapping.  First CPU, before others start: gives the code read-execute, constants
 * read-only, other RAM and the machine's channel windows read-write normal memory, the guard pages
 * no access, all else device memory; then moves the CPU to these tables. */
void mmu_init(void);

extern uint64_t mmu_root[512];

#endif
