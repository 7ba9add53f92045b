/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AARCH64_SPECULATION_H
#define AARCH64_SPECULATION_H

/*
 * How a CPU is kept from speculating by what a guest has taught its branch prediction, and what its
 * guest is told (SMCCC, DEN 0028, chapter 7: ARCH_WORKAROUND_1 to 3; DEN 0070).
 */

#include <stdint.h>

#define SPECULATION_WORKAROUND_1 0x80008000u /* CVE-2017-5715: forget branch targets */
#define SPECULATION_WORKAROUND_2 0x80007fffu /* CVE-2018-3639: loads wait for stores, or not */
#define SPECULATION_WORKAROUND_3 0x80003fffu /* CVE-2022-23960: forget branch history, too */

/* What SMCCC_ARCH_FEATURES says of one of them. */
#define SPECULATION_NEEDED 0 /* it is there, and this CPU needs it */
#define SPECULATION_NOT_NEEDED 1
#define SPECULATION_NOT_SUPPORTED (-1)
#define SPECULATION_NOT_REQUIRED (-2) /* of the second one */

/* What each exit does before anything else; speculation.S knows the order. */
struct speculation_entry {
    uint32_t call;     /* of firmware; 0: none */
    uint32_t branches; /* that are taken, to replace the history; 0: none */
};

/* By physical CPU; each is its own CPU's. */
extern struct speculation_entry speculation_entries[];

struct speculation {
    struct speculation_entry entry;
    int32_t features[3]; /* what the guest is told of each workaround */
};

/* `weaknesses` and `branches` of the core (struct arch_cpu_row); `csv2`: ID_AA64PFR0_EL1.CSV2;
 * `firmware`: what it says of each on this CPU, SPECULATION_NOT_SUPPORTED where it has none. */
void speculation_choose(uint32_t weaknesses, uint32_t branches, uint32_t csv2,
                        const int32_t firmware[3], struct speculation *chosen);

#endif
