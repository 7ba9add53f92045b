/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ARCH_FAKE_INTERNAL_H
#define ARCH_FAKE_INTERNAL_H

#include "arch/fake/fake.h"

/* Between the files of the host model. */
struct fake_cpu *fake_self(void);
void fake_record(enum fake_call_kind kind, uint64_t a, uint64_t b);
void fake_irq_reset(void);
void fake_irq_finish(uint32_t intid); /* deactivates, as a linked list register does */
/* For direct.c; `state`: enum arch_direct_state.  Of word 0, the pCPU's. */
uint32_t fake_irq_state(uint32_t pcpu, uint32_t word, uint32_t state);
void fake_irq_change(uint32_t pcpu, uint32_t word, uint32_t state, uint32_t mask, bool on);
uint32_t fake_irq_edges(uint32_t pcpu, uint32_t word);

#endif
