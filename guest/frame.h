/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GUEST_FRAME_H
#define GUEST_FRAME_H

#include <stddef.h>
#include <stdint.h>

#include "bulkhead/fault.h"
#include "stack.h"

/* What vectors.S saves of the interrupted code, and restores but for `sp`. */
struct frame {
    struct fault fault;
    uint64_t sp; /* SP_EL0 */
    uint64_t fpcr;
    uint64_t fpsr;
    unsigned __int128 q[32];
};
_Static_assert(offsetof(struct frame, fault.elr) == 248, "vectors.S");
_Static_assert(offsetof(struct frame, fault.spsr) == 256, "vectors.S");
_Static_assert(offsetof(struct frame, fault.far) == 272, "vectors.S");
_Static_assert(offsetof(struct frame, fpcr) == 288, "vectors.S");
_Static_assert(offsetof(struct frame, q) == 304, "vectors.S");
_Static_assert(sizeof(struct frame) == FRAME_SIZE, "vectors.S");

/* Called by vectors.S, interrupts masked, on the own CPU's exception stack. */
void fault_synchronous(struct frame *frame);
void fault_fiq(struct frame *frame); /* group 0 is not used */
void fault_serror(struct frame *frame);
void irq_dispatch(struct frame *frame); /* irq.c */

#endif
