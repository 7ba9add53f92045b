/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GEN_TYPES_H
#define GEN_TYPES_H

#include <stdint.h>

/* Guest-physical (IPA on Arm) and host-physical addresses: different types, so that mixing them
 * does not compile. */
typedef struct {
    uint64_t addr;
} gpa_t;
typedef struct {
    uint64_t addr;
} hpa_t;

#define GPA(x) ((gpa_t){ .addr = (x) })
#define HPA(x) ((hpa_t){ .addr = (x) })

#endif
