/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VDEV_GUEST_MEMORY_H
#define VDEV_GUEST_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

#include "gen/rows.h"

/*
 * The one way to memory at an address that a guest supplied.  Only RAM of that VM's own rows is
 * reached, whatever the address and the size are; a range may span rows that join in the guest's
 * address space.  Guest RAM is not mapped while guests run: a transfer selects the loader's tables
 * on own CPU for its duration (docs/design.md, "Guest memory").
 */

/* Any CPU: is [base, base + size) RAM of `vm`, which the guest itself may write where `write`? */
bool guest_memory_check(const struct vm_row *vm, gpa_t base, uint64_t size, bool write);

/* Own CPU, tables RUN: copies from or to RAM of `vm`.  False: not all of it is (for a write:
 * writable) RAM of `vm`; nothing was copied.  A guest with caches off sees the same. */
bool guest_memory_read(const struct vm_row *vm, void *target, gpa_t source, uint64_t size);
bool guest_memory_write(const struct vm_row *vm, gpa_t target, const void *source, uint64_t size);

#endif
