/* SPDX-License-Identifier: Apache-2.0 */
#include "vdev/notice.h"

#include "arch/arch.h"

struct notice_budget {
    uint64_t start; /* ticks, of the present stretch of time */
    uint32_t count; /* lines asked for since then */
};

static struct notice_budget budgets[VCPU_COUNT]; /* each its vCPU's own */

bool notice_allowed(const struct vcpu *vcpu)
{
    struct notice_budget *budget = &budgets[vcpu->index];
    uint64_t now = arch_time_now();

    if (budget->count == 0 || now - budget->start >= NOTICE_S * arch_time_hz()) {
        if (budget->count > NOTICE_MAX) {
            log_warn("%s: vCPU %u: %u more such lines were left out", vcpu->vm_row->name,
                     (unsigned)vcpu->row->index, (unsigned)(budget->count - NOTICE_MAX));
        }
        *budget = (struct notice_budget){ .start = now };
    }
    budget->count += budget->count < UINT32_MAX ? 1 : 0;
    if (budget->count == NOTICE_MAX + 1) {
        log_warn("%s: vCPU %u: further such lines are left out for a while", vcpu->vm_row->name,
                 (unsigned)vcpu->row->index);
    }
    return budget->count <= NOTICE_MAX;
}
