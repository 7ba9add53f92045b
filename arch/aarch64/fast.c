/* SPDX-License-Identifier: Apache-2.0 */
#include "arch/fast.h"

#include <stddef.h>

#include "arch/aarch64/aarch64.h"
#include "arch/aarch64/fast.h"
#include "gen/rows.h"

_Static_assert(offsetof(struct arch_vcpu, fast_rows) == FAST_ROWS, "fast.S");
_Static_assert(offsetof(struct arch_vcpu, fast_middle) == FAST_MIDDLE, "fast.S");
_Static_assert(offsetof(struct arch_vcpu, fast_search) == FAST_SEARCH, "fast.S");
_Static_assert(offsetof(struct arch_vcpu, fast_last) == FAST_LAST, "fast.S");
_Static_assert(offsetof(struct arch_vcpu, fast_call) == FAST_CALL, "fast.S");
_Static_assert(offsetof(struct arch_vcpu, fast_answer) == FAST_ANSWER, "fast.S");
_Static_assert(offsetof(struct arch_vcpu, id_known) == FAST_ID_KNOWN, "fast.S");
_Static_assert(offsetof(struct arch_vcpu, id) == FAST_ID, "fast.S");
_Static_assert(offsetof(struct arch_vcpu, acknowledged) == FAST_ACKNOWLEDGED, "fast.S");
_Static_assert(offsetof(struct mmio_row, base) == FAST_ROW_BASE, "fast.S");
_Static_assert(offsetof(struct mmio_row, size) == FAST_ROW_BASE + 8, "fast.S");
_Static_assert(sizeof(struct mmio_row) == FAST_ROW_SIZE, "fast.S");

/* Where a vCPU without rows looks: nothing lies in it. */
static const struct mmio_row no_row;

/* The first step divides `row_count` rows so that behind it as many are left as a power of two, in
 * either direction; then each step halves them. */
void arch_fast_init(struct arch_vcpu *vcpu, const struct vm_row *vm, bool devices, uint32_t call,
                    uint64_t answer)
{
    const struct mmio_row *rows = vm->mmio;
    uint32_t row_count = vm->mmio_count;
    uint32_t levels = 0;

    if (!devices || row_count == 0 || row_count > 2u << FAST_LEVELS ||
        (vm->arch.features & ARCH_FEATURE_DEBUG) != 0) { /* its guest may step instructions */
        rows = &no_row;
        row_count = 1;
    }
    while ((2u << levels) < row_count) {
        levels++;
    }
    vcpu->fast_rows = rows;
    vcpu->fast_last = rows;
    vcpu->fast_middle = row_count == 1 ? rows : rows + (row_count - (1u << levels));
    vcpu->fast_search = (uint64_t)aarch64_fast_searched - levels * FAST_LEVEL_SIZE;
    vcpu->fast_call = call;
    vcpu->fast_answer = answer;
}
