/* SPDX-License-Identifier: Apache-2.0 */
#include "vdev/timer.h"

#include "vdev/vm.h"

#define TIMER_CTL_MASK 3u /* ENABLE, IMASK; ISTATUS is read-only */

/* CNTP_CVAL_EL0 as the guest wrote it: the CPU's own may be saturated. */
static uint64_t compare[VCPU_COUNT];

static uint64_t counter_base(const struct vcpu *vcpu)
{
    return OWN_COUNTER_VM_COUNT > 0 ? vms[vcpu->vm].counter_base : 0;
}

static uint64_t guest_count(const struct vcpu *vcpu)
{
    return arch_time_now() - counter_base(vcpu);
}

/* The board's count at which the guest's timer fires; what it will never reach stays out of
 * reach. */
static void set_compare(const struct vcpu *vcpu, uint64_t value)
{
    uint64_t board = value + counter_base(vcpu);

    compare[vcpu->index] = value;
    arch_guest_timer_set_compare(board < value ? UINT64_MAX : board);
}

static bool timer_read(struct vcpu *vcpu, const struct sysreg_row *row, uint64_t *value)
{
    switch ((enum timer_register)row->value) {
    case TIMER_CNTPCT:
        *value = guest_count(vcpu);
        break;
    case TIMER_CNTP_CTL:
        *value = arch_guest_timer_control();
        break;
    case TIMER_CNTP_CVAL:
        *value = compare[vcpu->index];
        break;
    case TIMER_CNTP_TVAL: /* D11.2.4: the low 32 bits of CompareValue - Counter */
        *value = (uint32_t)(compare[vcpu->index] - guest_count(vcpu));
        break;
    }
    return true;
}

static bool timer_write(struct vcpu *vcpu, const struct sysreg_row *row, uint64_t value)
{
    switch ((enum timer_register)row->value) {
    case TIMER_CNTPCT:
        return false;
    case TIMER_CNTP_CTL:
        arch_guest_timer_set_control(value & TIMER_CTL_MASK);
        break;
    case TIMER_CNTP_CVAL:
        set_compare(vcpu, value);
        break;
    case TIMER_CNTP_TVAL: /* sign-extended from 32 bits */
        set_compare(vcpu, guest_count(vcpu) + (uint64_t)(int64_t)(int32_t)(uint32_t)value);
        break;
    }
    return true;
}

void timer_vcpu_reset(struct vcpu *vcpu)
{
    arch_guest_timer_set_control(0);
    set_compare(vcpu, 0);
}

const struct sysreg_ops timer_ops = {
    .read = timer_read,
    .write = timer_write,
};
