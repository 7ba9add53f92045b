/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_PROVE_CONTRACTS_H
#define TESTS_PROVE_CONTRACTS_H

/*
 * What the proofs assume of functions outside: guest RAM is no C object, so that writing it changes
 * nothing that C sees.  docs/assurance.md states these assumptions.
 */
#include "arch/arch.h"

/*@ assigns \nothing; */
void arch_map_select(enum arch_map map);
/*@ requires base.addr + size < 0x10000000000000000; assigns \nothing; */
void arch_mem_zero(hpa_t base, uint64_t size);
/*@ requires base.addr + size < 0x10000000000000000; assigns \nothing; */
void arch_mem_flush(hpa_t base, uint64_t size);
/*@ assigns \nothing; */
void arch_mem_copy(hpa_t target, hpa_t source, uint64_t size);

#endif
