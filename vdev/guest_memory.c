/* SPDX-License-Identifier: Apache-2.0 */
#include "vdev/guest_memory.h"

#include "arch/arch.h"

/* The row that holds the byte at `at`, or NULL. */
/*@
  requires ram_rows_sound(vm);
  assigns \result \from vm, at, vm->ram, vm->ram_count, vm->ram[..];
  ensures \result == \null || (\exists integer n; 0 <= n < vm->ram_count &&
    \result == vm->ram + n && ram_row_holds(\result, at));
  ensures \forall integer n; 0 <= n < vm->ram_count && ram_row_holds(vm->ram + n, at) ==>
    \result == vm->ram + n;
*/
static const struct ram_row *row_of(const struct vm_row *vm, uint64_t at)
{
    /*@
      loop invariant 0 <= n <= vm->ram_count;
      loop invariant \forall integer m; 0 <= m < n ==> !ram_row_holds(vm->ram + m, at);
      loop assigns n;
      loop variant vm->ram_count - n;
    */
    for (uint32_t n = 0; n < vm->ram_count; n++) {
        if (at >= vm->ram[n].gpa.addr && at - vm->ram[n].gpa.addr < vm->ram[n].size) {
            return &vm->ram[n];
        }
    }
    return NULL;
}

/* How many of `size` bytes from `at` up are in the row that holds `at`. */
/*@
  requires \valid_read(row) && ram_row_holds(row, at);
  requires row->gpa.addr + row->size < 0x10000000000000000;
  assigns \result \from row, at, size, *row;
  ensures \result == \min(size, row->gpa.addr + row->size - at);
*/
static uint64_t piece_in(const struct ram_row *row, uint64_t at, uint64_t size)
{
    uint64_t here = row->size - (at - row->gpa.addr);

    return size < here ? size : here;
}

/* Rows end below the largest address, so `at` never wraps around. */
bool guest_memory_check(const struct vm_row *vm, gpa_t base, uint64_t size, bool write)
{
    uint64_t at = base.addr;

    /*@
      loop invariant base.addr <= at && at + size == base.addr + \at(size, Pre);
      loop invariant ram_range(vm, base.addr, at, write);
      loop assigns at, size;
      loop variant size;
    */
    while (size > 0) {
        const struct ram_row *row = row_of(vm, at);

        if (row == NULL || (write && !row->writable)) {
            /*@ assert !ram_byte(vm, at, write); */
            return false;
        }
        uint64_t piece = piece_in(row, at, size);
        /*@ assert ram_range(vm, at, at + piece, write); */
        at += piece;
        size -= piece;
    }
    return true;
}

/* What caches hold of the guest's side goes first: a guest with caches off wrote behind them. */
/*@
  requires ram_rows_sound(vm);
  requires own + size < 0x10000000000000000;
  assigns \nothing;
  ensures \result != 0 <==> ram_range(vm, at, at + size, write);
*/
static bool transfer(const struct vm_row *vm, uint64_t at, uint64_t own, uint64_t size, bool write)
{
    if (!guest_memory_check(vm, GPA(at), size, write)) {
        return false;
    }
    arch_map_select(ARCH_MAP_LOADER);
    /*@
      loop invariant at + size == \at(at + size, Pre) && at >= \at(at, Pre);
      loop invariant own + size == \at(own + size, Pre);
      loop assigns at, own, size;
      loop variant size;
    */
    while (size > 0) {
        /*@ assert ram_byte(vm, at, write); */
        const struct ram_row *row = row_of(vm, at);
        uint64_t piece = piece_in(row, at, size);
        hpa_t guest = HPA(row->hpa.addr + (at - row->gpa.addr));

        /*@ assert row->hpa.addr <= guest.addr; */
        /*@ assert guest.addr + piece <= row->hpa.addr + row->size; */
        /*@ assert write ==> row->writable; */
        arch_mem_flush(guest, piece);
        if (write) {
            arch_mem_copy(guest, HPA(own), piece);
        } else {
            arch_mem_copy(HPA(own), guest, piece);
        }
        at += piece;
        own += piece;
        size -= piece;
    }
    arch_map_select(ARCH_MAP_RUN);
    return true;
}

bool guest_memory_read(const struct vm_row *vm, void *target, gpa_t source, uint64_t size)
{
    return transfer(vm, source.addr, (uintptr_t)target, size, false);
}

bool guest_memory_write(const struct vm_row *vm, gpa_t target, const void *source, uint64_t size)
{
    return transfer(vm, target.addr, (uintptr_t)source, size, true);
}
