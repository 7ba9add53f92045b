/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GUEST_IMAGE_H
#define GUEST_IMAGE_H

/* What link.ld and crt0.S define.  Addresses are guest-physical; VA = PA. */

#include <stdint.h>

#include "bulkhead/cpu.h"

#define STACK_SIZE 65536u      /* of each CPU */
#define EXCEPTION_STACK 16384u /* at its top: what handlers run on */

extern char __ram_start[];
extern char __ram_end[];
extern char __text_end[];   /* code: [__ram_start, __text_end) */
extern char __rodata_end[]; /* constants: [__text_end, __rodata_end) */
extern char __bss_start[];
extern char __bss_end[];
extern char __stacks_start[]; /* per CPU: guard page, stack, guard page, exception stack */
extern char __image_end[];    /* the heap begins here */

extern const uint64_t mmu_t0sz; /* TCR_EL1.T0SZ */

/* crt0.S: where a CPU other than the first starts; its argument is its number. */
void cpu_entry(void);
/* crt0.S: moves the own CPU to the tables at `root`, which map the code at the same place. */
void mmu_switch(uint64_t root);

#endif
