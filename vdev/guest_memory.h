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

/*@
  predicate ram_rows_sound(struct vm_row *vm) =
    \valid_read(vm) && \valid_read(vm->ram + (0 .. vm->ram_count - 1)) &&
    (\forall integer n; 0 <= n < vm->ram_count ==>
      vm->ram[n].gpa.addr + vm->ram[n].size < 0x10000000000000000 &&
      vm->ram[n].hpa.addr + vm->ram[n].size < 0x10000000000000000) &&
    (\forall integer m, n; 0 <= m < n < vm->ram_count ==>
      vm->ram[m].gpa.addr + vm->ram[m].size <= vm->ram[n].gpa.addr);
  predicate ram_row_holds(struct ram_row *row, integer at) =
    row->gpa.addr <= at < row->gpa.addr + row->size;
  predicate ram_byte(struct vm_row *vm, integer at, integer write) =
    \exists integer n; 0 <= n < vm->ram_count && ram_row_holds(vm->ram + n, at) &&
      (write != 0 ==> vm->ram[n].writable != 0);
  predicate ram_range(struct vm_row *vm, integer from, integer to, integer write) =
    \forall integer at; from <= at < to ==> ram_byte(vm, at, write);
*/

/* Any CPU: is [base, base + size) RAM of `vm`, which the guest itself may write where `write`? */
/*@
  requires ram_rows_sound(vm);
  assigns \result \from vm, base, size, write, vm->ram, vm->ram_count, vm->ram[..];
  ensures \result != 0 <==> ram_range(vm, base.addr, base.addr + size, write);
*/
bool guest_memory_check(const struct vm_row *vm, gpa_t base, uint64_t size, bool write);

/* Own CPU, tables RUN: copies from or to RAM of `vm`.  False: not all of it is (for a write:
 * writable) RAM of `vm`; nothing was copied.  A guest with caches off sees the same. */
bool guest_memory_read(const struct vm_row *vm, void *target, gpa_t source, uint64_t size);
bool guest_memory_write(const struct vm_row *vm, gpa_t target, const void *source, uint64_t size);

#endif
