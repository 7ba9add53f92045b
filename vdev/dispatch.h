/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VDEV_DISPATCH_H
#define VDEV_DISPATCH_H

#include "gen/rows.h"

/*
 * Pure look-ups in the sorted rows of a VM; any CPU.  What they promise is proved for all sorted,
 * disjoint rows by `make prove` (ACSL contracts; docs/assurance.md).
 */

/*@
  predicate mmio_rows_sorted(struct vm_row *vm) =
    \valid_read(vm) && \valid_read(vm->mmio + (0 .. vm->mmio_count - 1)) &&
    (\forall integer n; 0 <= n < vm->mmio_count ==>
      0 < vm->mmio[n].size && vm->mmio[n].base.addr + vm->mmio[n].size <= 0x10000000000000000) &&
    (\forall integer m, n; 0 <= m < n < vm->mmio_count ==>
      vm->mmio[m].base.addr + vm->mmio[m].size <= vm->mmio[n].base.addr);
  predicate mmio_row_holds(struct mmio_row *row, integer gpa, integer size) =
    row->base.addr <= gpa && gpa + size <= row->base.addr + row->size;

  predicate port_rows_sorted(struct vm_row *vm) =
    \valid_read(vm) && \valid_read(vm->port + (0 .. vm->port_count - 1)) &&
    (\forall integer n; 0 <= n < vm->port_count ==>
      0 < vm->port[n].size && vm->port[n].base + vm->port[n].size <= 0x10000) &&
    (\forall integer m, n; 0 <= m < n < vm->port_count ==>
      vm->port[m].base + vm->port[m].size <= vm->port[n].base);
  predicate port_row_holds(struct port_row *row, integer port, integer size) =
    row->base <= port && port + size <= row->base + row->size;

  predicate sysreg_rows_sorted(struct vm_row *vm) =
    \valid_read(vm) && \valid_read(vm->sysreg + (0 .. vm->sysreg_count - 1)) &&
    (\forall integer m, n; 0 <= m < n < vm->sysreg_count ==>
      vm->sysreg[m].encoding < vm->sysreg[n].encoding);
*/

/* The row that holds all of [gpa, gpa + size), or NULL.  size > 0. */
/*@
  requires mmio_rows_sorted(vm) && size > 0;
  assigns \result \from vm, gpa, size, vm->mmio, vm->mmio_count, vm->mmio[..];
  ensures \result == \null || (\exists integer n; 0 <= n < vm->mmio_count &&
    \result == vm->mmio + n && mmio_row_holds(\result, gpa.addr, size));
  ensures \forall integer n; 0 <= n < vm->mmio_count &&
    mmio_row_holds(vm->mmio + n, gpa.addr, size) ==> \result == vm->mmio + n;
*/
const struct mmio_row *dispatch_mmio(const struct vm_row *vm, gpa_t gpa, unsigned size);

/* The row that holds all of [port, port + size), or NULL; also for ports above 0xffff, where none
 * is.  size > 0. */
/*@
  requires port_rows_sorted(vm) && size > 0;
  assigns \result \from vm, port, size, vm->port, vm->port_count, vm->port[..];
  ensures \result == \null || (\exists integer n; 0 <= n < vm->port_count &&
    \result == vm->port + n && port_row_holds(\result, port, size));
  ensures \forall integer n; 0 <= n < vm->port_count &&
    port_row_holds(vm->port + n, port, size) ==> \result == vm->port + n;
*/
const struct port_row *dispatch_port(const struct vm_row *vm, uint32_t port, unsigned size);

/* The row of a trapped system register (ARCH_SYSREG encoding), or NULL. */
/*@
  requires sysreg_rows_sorted(vm);
  assigns \result \from vm, encoding, vm->sysreg, vm->sysreg_count, vm->sysreg[..];
  ensures \result == \null || (\exists integer n; 0 <= n < vm->sysreg_count &&
    \result == vm->sysreg + n && \result->encoding == encoding);
  ensures \forall integer n; 0 <= n < vm->sysreg_count &&
    vm->sysreg[n].encoding == encoding ==> \result == vm->sysreg + n;
*/
const struct sysreg_row *dispatch_sysreg(const struct vm_row *vm, uint32_t encoding);

#endif
