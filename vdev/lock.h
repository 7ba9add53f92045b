/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VDEV_LOCK_H
#define VDEV_LOCK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "arch/arch.h"
#include "platform/panic.h"

/* A ticket lock: first come, first served.  Zero-initialised it is free.  Hold it briefly, and
 * never while waiting for another CPU. */
struct lock {
    _Atomic uint32_t owner;
    _Atomic uint32_t next;
};

static inline void lock_take(struct lock *lock)
{
    uint32_t ticket = atomic_fetch_add(&lock->next, 1);

    while (atomic_load(&lock->owner) != ticket) {
        arch_cpu_relax();
    }
}

/* false: it is held; nothing is waited for.  `owner` is what its last holder wrote: hence acquire.
 */
static inline bool lock_try(struct lock *lock)
{
    uint32_t owner = atomic_load_explicit(&lock->owner, memory_order_acquire);

    return atomic_compare_exchange_strong_explicit(&lock->next, &owner, owner + 1,
                                                   memory_order_acquire, memory_order_relaxed);
}

/* true: somebody waits, and must be woken: a waiter takes its ticket before it looks at `owner`,
 * this stores `owner` before it looks at `next`, so one of both sees the other. */
static inline bool lock_release(struct lock *lock)
{
    uint32_t owner = atomic_load_explicit(&lock->owner, memory_order_relaxed) + 1;

    atomic_store(&lock->owner, owner);
    return atomic_load(&lock->next) != owner;
}

static inline bool lock_is_held(const struct lock *lock)
{
    return atomic_load_explicit(&lock->next, memory_order_relaxed) !=
           atomic_load_explicit(&lock->owner, memory_order_relaxed);
}

static inline void lock_drop(struct lock *lock)
{
    ASSERT(lock_is_held(lock));
    if (lock_release(lock)) {
        arch_cpu_wake();
    }
}

#endif
