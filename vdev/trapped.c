/* SPDX-License-Identifier: Apache-2.0 */
#include "vdev/trapped.h"

#include <stdatomic.h>

#include "vdev/lock.h"
#include "vdev/notice.h"
#include "vdev/vcpu.h"

/* One for each group of pages in which several VMs read, change and write back registers. */
static struct lock trapped_locks[COUNT_AT_LEAST_ONE(TRAPPED_LOCK_COUNT)];

/* One access of exactly this width: relaxed atomic accesses are plain loads and stores.  The pages
 * are mapped in the run tables. */
static uint64_t hardware_read(uint64_t address, unsigned size)
{
    uintptr_t at = (uintptr_t)address;

    switch (size) {
    case 1:
        return atomic_load_explicit((volatile _Atomic uint8_t *)at, memory_order_relaxed);
    case 2:
        return atomic_load_explicit((volatile _Atomic uint16_t *)at, memory_order_relaxed);
    case 4:
        return atomic_load_explicit((volatile _Atomic uint32_t *)at, memory_order_relaxed);
    default:
        return atomic_load_explicit((volatile _Atomic uint64_t *)at, memory_order_relaxed);
    }
}

static void hardware_write(uint64_t address, unsigned size, uint64_t value)
{
    uintptr_t at = (uintptr_t)address;

    switch (size) {
    case 1:
        atomic_store_explicit((volatile _Atomic uint8_t *)at, (uint8_t)value, memory_order_relaxed);
        break;
    case 2:
        atomic_store_explicit((volatile _Atomic uint16_t *)at, (uint16_t)value,
                              memory_order_relaxed);
        break;
    case 4:
        atomic_store_explicit((volatile _Atomic uint32_t *)at, (uint32_t)value,
                              memory_order_relaxed);
        break;
    default:
        atomic_store_explicit((volatile _Atomic uint64_t *)at, value, memory_order_relaxed);
        break;
    }
}

static void tell_withheld(const struct vcpu *vcpu, const struct trapped_row *row, uint64_t offset)
{
    notice_debug(vcpu, "register at %#llx (host) is not granted in this direction",
                 (unsigned long long)(row->base.addr + offset));
}

static uint64_t trapped_read(struct vcpu *vcpu, uint32_t instance, uint64_t offset, unsigned size)
{
    const struct trapped_row *row = &trapped_rows[instance];

    if (row->read_mask == 0) {
        tell_withheld(vcpu, row, offset);
        return 0;
    }
    return hardware_read(row->base.addr + offset, size) & row->read_mask;
}

/* Another VM's CPU may be at the same register; VMs that nobody meets here take no lock. */
static void write_keeping(const struct trapped_row *row, uint64_t address, unsigned size,
                          uint64_t value)
{
    struct lock *lock = row->lock < 0 ? NULL : &trapped_locks[row->lock];

    if (lock != NULL) {
        lock_take(lock);
    }
    value |= hardware_read(address, size) & ~row->write_mask;
    hardware_write(address, size, value);
    if (lock != NULL) {
        lock_drop(lock);
    }
}

static void trapped_write(struct vcpu *vcpu, uint32_t instance, uint64_t offset, unsigned size,
                          uint64_t value)
{
    const struct trapped_row *row = &trapped_rows[instance];
    uint64_t address = row->base.addr + offset;
    uint64_t others = (UINT64_MAX >> (64 - 8 * size)) & ~row->write_mask;

    if (row->write_mask == 0) {
        tell_withheld(vcpu, row, offset);
        return;
    }
    value &= row->write_mask;
    if (row->rest == TRAPPED_KEEP && others != 0) {
        write_keeping(row, address, size, value);
    } else {
        hardware_write(address, size, row->rest == TRAPPED_ONES ? value | others : value);
    }
}

#define OPS(widths)                                                                                \
    [widths] = {                                                                                   \
        .name = "trapped",                                                                         \
        .sizes = (widths),                                                                         \
        .read = trapped_read,                                                                      \
        .write = trapped_write,                                                                    \
    }

const struct vdev_ops trapped_ops[TRAPPED_OPS_COUNT] = {
    OPS(0), OPS(1), OPS(2),  OPS(3),  OPS(4),  OPS(5),  OPS(6),  OPS(7),
    OPS(8), OPS(9), OPS(10), OPS(11), OPS(12), OPS(13), OPS(14), OPS(15),
};
