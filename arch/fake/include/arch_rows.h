/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ARCH_ROWS_H
#define ARCH_ROWS_H

#include <stdint.h>

#include "arch/aarch64/cpu_row.h" /* whose choice is tested on the host */

struct arch_vm_row {
    uint16_t vmid;
};

#define ARCH_SYSREG(op0, op1, crn, crm, op2)                                                       \
    (((uint32_t)(op0) << 14) | ((uint32_t)(op1) << 11) | ((uint32_t)(crn) << 7) |                  \
     ((uint32_t)(crm) << 3) | (uint32_t)(op2))

#define ARCH_SYSREG_FORMAT "S%u"
#define ARCH_SYSREG_FIELDS(encoding) (encoding)

#endif
