/* SPDX-License-Identifier: Apache-2.0 */
#include "vdev/dispatch.h"

/* Bisection: rows [0, low) lie at or below the address, rows [high, count) above it; so the only
 * one that can hold it is row low - 1.  Offsets are compared, not ends: an end may wrap around. */
const struct mmio_row *dispatch_mmio(const struct vm_row *vm, gpa_t gpa, unsigned size)
{
    uint32_t low = 0;
    uint32_t high = vm->mmio_count;

    /*@
      loop invariant low <= high <= vm->mmio_count;
      loop invariant \forall integer n; 0 <= n < low ==> vm->mmio[n].base.addr <= gpa.addr;
      loop invariant \forall integer n; high <= n < vm->mmio_count ==>
        !(vm->mmio[n].base.addr <= gpa.addr);
      loop assigns low, high;
      loop variant high - low;
    */
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (vm->mmio[middle].base.addr <= gpa.addr) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (low == 0) {
        return NULL;
    }
    const struct mmio_row *row = &vm->mmio[low - 1];
    uint64_t offset = gpa.addr - row->base.addr;

    return offset < row->size && size <= row->size - offset ? row : NULL;
}

const struct port_row *dispatch_port(const struct vm_row *vm, uint32_t port, unsigned size)
{
    uint32_t low = 0;
    uint32_t high = vm->port_count;

    /*@
      loop invariant low <= high <= vm->port_count;
      loop invariant \forall integer n; 0 <= n < low ==> vm->port[n].base <= port;
      loop invariant \forall integer n; high <= n < vm->port_count ==>
        !(vm->port[n].base <= port);
      loop assigns low, high;
      loop variant high - low;
    */
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (vm->port[middle].base <= port) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (low == 0) {
        return NULL;
    }
    const struct port_row *row = &vm->port[low - 1];
    uint32_t offset = port - row->base;

    return offset < row->size && size <= row->size - offset ? row : NULL;
}

const struct sysreg_row *dispatch_sysreg(const struct vm_row *vm, uint32_t encoding)
{
    uint32_t low = 0;
    uint32_t high = vm->sysreg_count;

    /*@
      loop invariant low <= high <= vm->sysreg_count;
      loop invariant \forall integer n; 0 <= n < low ==> vm->sysreg[n].encoding < encoding;
      loop invariant \forall integer n; high <= n < vm->sysreg_count ==>
        !(vm->sysreg[n].encoding < encoding);
      loop assigns low, high;
      loop variant high - low;
    */
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (vm->sysreg[middle].encoding < encoding) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < vm->sysreg_count && vm->sysreg[low].encoding == encoding ? &vm->sysreg[low] : NULL;
}
