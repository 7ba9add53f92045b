/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ARCH_ROWS_H
#define ARCH_ROWS_H

#include <stdint.h>

struct arch_vm_row {
    uint16_t vmid;
};

/* As arch/aarch64 has it, whose choice is tested on the host. */
struct arch_cpu_row {
    uint32_t midr;       /* MIDR_EL1: implementer and part in their places; 0: unknown */
    uint16_t weaknesses; /* ARCH_WEAK_* */
    uint16_t branches;   /* that replace its branch history; 0: firmware alone can */
};
#define ARCH_WEAK_TARGETS (1u << 0) /* CVE-2017-5715, where ID_AA64PFR0_EL1.CSV2 is 0 */
#define ARCH_WEAK_STORES (1u << 1)  /* CVE-2018-3639 */
#define ARCH_WEAK_HISTORY (1u << 2) /* CVE-2022-23960 */

#define ARCH_SYSREG(op0, op1, crn, crm, op2)                                                       \
    (((uint32_t)(op0) << 14) | ((uint32_t)(op1) << 11) | ((uint32_t)(crn) << 7) |                  \
     ((uint32_t)(crm) << 3) | (uint32_t)(op2))

#define ARCH_SYSREG_FORMAT "S%u"
#define ARCH_SYSREG_FIELDS(encoding) (encoding)

#endif
