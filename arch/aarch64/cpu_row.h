/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AARCH64_CPU_ROW_H
#define AARCH64_CPU_ROW_H

#include <stdint.h>

/* What is known of a physical CPU's core (gen/plan/cores.py). */
struct arch_cpu_row {
    uint32_t midr;       /* MIDR_EL1: implementer and part in their places; 0: unknown */
    uint16_t weaknesses; /* ARCH_WEAK_* */
    uint16_t branches;   /* that replace its branch history; 0: firmware alone can */
};
#define ARCH_WEAK_TARGETS (1u << 0) /* CVE-2017-5715, where ID_AA64PFR0_EL1.CSV2 is 0 */
#define ARCH_WEAK_STORES (1u << 1)  /* CVE-2018-3639 */
#define ARCH_WEAK_HISTORY (1u << 2) /* CVE-2022-23960 */

#endif
