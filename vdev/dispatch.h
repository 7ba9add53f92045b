/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VDEV_DISPATCH_H
#define VDEV_DISPATCH_H

#include "gen/rows.h"

/* Pure look-ups in the sorted rows of a VM; any CPU. */

/* The row that holds all of [gpa, gpa + size), or NULL.  size > 0. */
const struct mmio_row *dispatch_mmio(const struct vm_row *vm, gpa_t gpa, unsigned size);
/* The row that holds all of [port, port + size), or NULL; also for ports above 0xffff, where none
 * is.  size > 0. */
const struct port_row *dispatch_port(const struct vm_row *vm, uint32_t port, unsigned size);
/* The row of a trapped system register (ARCH_SYSREG encoding), or NULL. */
const struct sysreg_row *dispatch_sysreg(const struct vm_row *vm, uint32_t encoding);

#endif
