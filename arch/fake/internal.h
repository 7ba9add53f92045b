/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ARCH_FAKE_INTERNAL_H
#define ARCH_FAKE_INTERNAL_H

#include "arch/fake/fake.h"

/* Between the files of the host model. */
struct fake_cpu *fake_self(void);
void fake_record(enum fake_call_kind kind, uint64_t a, uint64_t b);
void fake_irq_reset(void);
void fake_irq_finish(uint32_t intid); /* deactivates, as a linked list register does */

#endif
