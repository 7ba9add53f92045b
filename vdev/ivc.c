/* SPDX-License-Identifier: Apache-2.0 */
#include "vdev/ivc.h"

#include <stdatomic.h>

#include "vdev/guest_memory.h"
#include "vdev/notice.h"

#define SLOT_SIZE sizeof(uint64_t) /* AxVM's usize */

/* Whether the row's VM has published, or subscribed; by index into ivc_rows. */
static _Atomic bool ivc_joined[COUNT_AT_LEAST_ONE(IVC_COUNT)];

/* The index of the row by which the VM may do that, IVC_COUNT: it may not. */
static uint32_t ivc_find(uint32_t vm, bool publishes, uint64_t publisher_id, uint64_t key)
{
    for (uint32_t n = 0; n < IVC_COUNT; n++) {
        const struct ivc_row *row = &ivc_rows[n];

        if (row->vm == vm && row->publishes == publishes && row->key == key &&
            (publishes || row->publisher_id == publisher_id)) {
            return n;
        }
    }
    return IVC_COUNT;
}

static bool slots_valid(const struct vm_row *vm, uint64_t base_slot, uint64_t size_slot)
{
    uint64_t apart = base_slot > size_slot ? base_slot - size_slot : size_slot - base_slot;

    return apart >= SLOT_SIZE && guest_memory_check(vm, GPA(base_slot), SLOT_SIZE, true) &&
           guest_memory_check(vm, GPA(size_slot), SLOT_SIZE, true);
}

static uint64_t row_size(uint32_t n)
{
    return channel_rows[channel_peer_rows[ivc_rows[n].peer].channel].size;
}

/* Joins, and tells the guest where its window is; the slots are valid. */
static int64_t ivc_join(const struct vm_row *vm, uint32_t n, uint64_t base_slot, uint64_t size_slot)
{
    uint64_t base = channel_peer_rows[ivc_rows[n].peer].window.addr;
    uint64_t size = row_size(n);

    if (atomic_exchange(&ivc_joined[n], true)) {
        return IVC_BAD_STATE;
    }
    (void)guest_memory_write(vm, GPA(base_slot), &base, SLOT_SIZE);
    (void)guest_memory_write(vm, GPA(size_slot), &size, SLOT_SIZE);
    return IVC_SUCCESS;
}

static int64_t ivc_publish(const struct vcpu *vcpu, uint64_t key, uint64_t base_slot,
                           uint64_t size_slot)
{
    uint32_t n = ivc_find(vcpu->vm, true, 0, key);
    uint64_t wanted;

    if (n == IVC_COUNT) {
        return IVC_UNKNOWN;
    }
    if (!slots_valid(vcpu->vm_row, base_slot, size_slot) ||
        !guest_memory_read(vcpu->vm_row, &wanted, GPA(size_slot), SLOT_SIZE)) {
        return IVC_BAD_POINTER;
    }
    if (wanted == 0 || wanted > row_size(n)) {
        return IVC_BAD_SIZE;
    }
    return ivc_join(vcpu->vm_row, n, base_slot, size_slot);
}

static int64_t ivc_subscribe(const struct vcpu *vcpu, const uint64_t args[4])
{
    uint32_t n = ivc_find(vcpu->vm, false, args[0], args[1]);

    if (n == IVC_COUNT) {
        return IVC_UNKNOWN;
    }
    if (!slots_valid(vcpu->vm_row, args[2], args[3])) {
        return IVC_BAD_POINTER;
    }
    if (!atomic_load(&ivc_joined[ivc_rows[n].publication])) {
        return IVC_BAD_STATE;
    }
    return ivc_join(vcpu->vm_row, n, args[2], args[3]);
}

static int64_t ivc_leave(uint32_t n)
{
    if (n == IVC_COUNT) {
        return IVC_UNKNOWN;
    }
    return atomic_exchange(&ivc_joined[n], false) ? IVC_SUCCESS : IVC_BAD_STATE;
}

static int64_t ivc_answer(const struct vcpu *vcpu, uint32_t function, const uint64_t args[4])
{
    switch (function) {
    case IVC_PUBLISH:
        return ivc_publish(vcpu, args[0], args[1], args[2]);
    case IVC_SUBSCRIBE:
        return ivc_subscribe(vcpu, args);
    case IVC_UNPUBLISH:
        return ivc_leave(ivc_find(vcpu->vm, true, 0, args[0]));
    default:
        return ivc_leave(ivc_find(vcpu->vm, false, args[0], args[1]));
    }
}

static const char *refusal_words(int64_t answer)
{
    switch (answer) {
    case IVC_UNKNOWN:
        return "the VM has no such channel in this role";
    case IVC_BAD_POINTER:
        return "its arguments are not in writable RAM of the VM";
    case IVC_BAD_SIZE:
        return "the size is 0 or more than the channel has";
    default:
        return "it is joined already, or not published yet";
    }
}

int64_t ivc_call(struct vcpu *vcpu, uint32_t function, const uint64_t args[4])
{
    int64_t answer = ivc_answer(vcpu, function, args);

    if (answer < 0) {
        notice(vcpu, "channel call %u was refused: %s", (unsigned)function, refusal_words(answer));
    }
    return answer;
}

void ivc_vm_reset(uint32_t vm)
{
    for (uint32_t n = 0; n < IVC_COUNT; n++) {
        if (ivc_rows[n].vm == vm) {
            atomic_store(&ivc_joined[n], false);
        }
    }
}
