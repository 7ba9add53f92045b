/* SPDX-License-Identifier: Apache-2.0 */
#include "vdev/guest_memory.h"

#include "arch/arch.h"

/* The row that holds the byte at `at`, or NULL.  Below a row the difference wraps around, which
 * makes it larger than any size. */
static const struct ram_row *row_of(const struct vm_row *vm, uint64_t at)
{
    for (uint32_t n = 0; n < vm->ram_count; n++) {
        if (at - vm->ram[n].gpa.addr < vm->ram[n].size) {
            return &vm->ram[n];
        }
    }
    return NULL;
}

/* How many of `size` bytes from `at` up are in the row that holds `at`. */
static uint64_t piece_in(const struct ram_row *row, uint64_t at, uint64_t size)
{
    uint64_t here = row->size - (at - row->gpa.addr);

    return size < here ? size : here;
}

/* Rows end below the largest address, so `at` never wraps around. */
bool guest_memory_check(const struct vm_row *vm, gpa_t base, uint64_t size, bool write)
{
    uint64_t at = base.addr;

    while (size > 0) {
        const struct ram_row *row = row_of(vm, at);

        if (row == NULL || (write && !row->writable)) {
            return false;
        }
        uint64_t piece = piece_in(row, at, size);
        at += piece;
        size -= piece;
    }
    return true;
}

/* What caches hold of the guest's side goes first: a guest with caches off wrote behind them. */
static bool transfer(const struct vm_row *vm, uint64_t at, uint64_t own, uint64_t size, bool write)
{
    if (!guest_memory_check(vm, GPA(at), size, write)) {
        return false;
    }
    arch_map_select(ARCH_MAP_LOADER);
    while (size > 0) {
        const struct ram_row *row = row_of(vm, at);
        uint64_t piece = piece_in(row, at, size);
        hpa_t guest = HPA(row->hpa.addr + (at - row->gpa.addr));

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
