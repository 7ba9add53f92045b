/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ARCH_ROWS_H
#define ARCH_ROWS_H

/*
 * What generated rows may say about AArch64 hardware: translation-table descriptors (Arm ARM
 * DDI 0487, D8.3), VM control words, system-register encodings.  Addresses are added, not or-ed,
 * so that the address of a table is a static initialiser; they are aligned, so both are the same.
 */

#include <stdint.h>

#include "arch/aarch64/cpu_row.h"

/* A trapped register as ESR_EL2.ISS gives it for EC 0x18, condensed: Op0 Op1 CRn CRm Op2. */
#define ARCH_SYSREG(op0, op1, crn, crm, op2)                                                       \
    (((uint32_t)(op0) << 14) | ((uint32_t)(op1) << 11) | ((uint32_t)(crn) << 7) |                  \
     ((uint32_t)(crm) << 3) | (uint32_t)(op2))

/* Its name where it has no other (Arm ARM C5.1.3), for printf. */
#define ARCH_SYSREG_FORMAT "S%u_%u_C%u_C%u_%u"
#define ARCH_SYSREG_FIELDS(encoding)                                                               \
    ((encoding) >> 14) & 3u, ((encoding) >> 11) & 7u, ((encoding) >> 7) & 15u,                     \
        ((encoding) >> 3) & 15u, (encoding)&7u

/* Which fields of an ID register a guest sees: bit n for the field at bit 4 * n of the mask, whose
 * digits are 0 and f (D17.2: fields of ID registers have four bits). */
#define AARCH64_FIELD(mask, n) ((((mask) >> (4 * (n))) & 1u) << (n))
#define AARCH64_FIELDS(mask, n)                                                                    \
    (AARCH64_FIELD(mask, n) | AARCH64_FIELD(mask, (n) + 1) | AARCH64_FIELD(mask, (n) + 2) |        \
     AARCH64_FIELD(mask, (n) + 3))
#define ARCH_ID_FIELDS(mask)                                                                       \
    (AARCH64_FIELDS(mask, 0) | AARCH64_FIELDS(mask, 4) | AARCH64_FIELDS(mask, 8) |                 \
     AARCH64_FIELDS(mask, 12))

#define ARCH_TABLE(next) ((uint64_t)(next) + 0x3u)

/* Stage 2 (D8.3.2): MemAttr[5:2], S2AP[7:6], SH[9:8], AF[10], XN[54]. */
#define AARCH64_S2_AF (UINT64_C(1) << 10)
#define AARCH64_S2_XN (UINT64_C(1) << 54)
#define AARCH64_S2_RO (UINT64_C(1) << 6)
#define AARCH64_S2_RW (UINT64_C(3) << 6)
#define AARCH64_S2_NORMAL ((UINT64_C(0xf) << 2) | (UINT64_C(3) << 8)) /* WB, inner shareable */
#define AARCH64_S2_UNCACHED                                                                        \
    ((UINT64_C(0x5) << 2) | (UINT64_C(2) << 8)) /* Normal, outer shareable */
#define AARCH64_S2_DEVICE (UINT64_C(0x1) << 2)  /* Device-nGnRE */
#define ARCH_S2_RAM_RWX (AARCH64_S2_AF | AARCH64_S2_NORMAL | AARCH64_S2_RW)
#define ARCH_S2_RAM_RW (ARCH_S2_RAM_RWX | AARCH64_S2_XN)
#define ARCH_S2_RAM_RX (AARCH64_S2_AF | AARCH64_S2_NORMAL | AARCH64_S2_RO)
#define ARCH_S2_RAM_R (ARCH_S2_RAM_RX | AARCH64_S2_XN)
#define ARCH_S2_RAM_RW_UNCACHED                                                                    \
    (AARCH64_S2_AF | AARCH64_S2_UNCACHED | AARCH64_S2_RW | AARCH64_S2_XN)
#define ARCH_S2_RAM_R_UNCACHED (AARCH64_S2_AF | AARCH64_S2_UNCACHED | AARCH64_S2_RO | AARCH64_S2_XN)
#define ARCH_S2_DEVICE_RW (AARCH64_S2_AF | AARCH64_S2_DEVICE | AARCH64_S2_RW | AARCH64_S2_XN)
#define ARCH_S2_DEVICE_R (AARCH64_S2_AF | AARCH64_S2_DEVICE | AARCH64_S2_RO | AARCH64_S2_XN)
/* hpa: aligned to the block (level 1: 1 GiB, level 2: 2 MiB) or page; attr: ARCH_S2_*. */
#define ARCH_S2_BLOCK(hpa, attr) ((uint64_t)(hpa) + (attr) + 0x1u)
#define ARCH_S2_PAGE(hpa, attr) ((uint64_t)(hpa) + (attr) + 0x3u)

/* EL2 stage 1: AttrIndx[4:2] (MAIR_EL2: 0 Device-nGnRE, 1 normal WB), AP[7:6] with AP[1] RES1,
 * SH[9:8], AF[10], XN[54]. */
#define AARCH64_S1_BASE ((UINT64_C(1) << 10) | (UINT64_C(1) << 6))
#define AARCH64_S1_RO (UINT64_C(1) << 7)
#define AARCH64_S1_XN (UINT64_C(1) << 54)
#define AARCH64_S1_NORMAL ((UINT64_C(1) << 2) | (UINT64_C(3) << 8))
#define ARCH_S1_TEXT (AARCH64_S1_BASE | AARCH64_S1_NORMAL | AARCH64_S1_RO)
#define ARCH_S1_RODATA (ARCH_S1_TEXT | AARCH64_S1_XN)
#define ARCH_S1_DATA (AARCH64_S1_BASE | AARCH64_S1_NORMAL | AARCH64_S1_XN)
#define ARCH_S1_DEVICE (AARCH64_S1_BASE | AARCH64_S1_XN)
#define ARCH_S1_BLOCK(hpa, attr) ((uint64_t)(hpa) + (attr) + 0x1u)
#define ARCH_S1_PAGE(hpa, attr) ((uint64_t)(hpa) + (attr) + 0x3u)

/* Features that a VM may be granted (deployment: features = [...]). */
#define ARCH_FEATURE_PMU (1u << 0)
#define ARCH_FEATURE_DEBUG (1u << 1)
#define ARCH_FEATURE_SVE (1u << 2)
#define ARCH_FEATURE_AARCH32_EL0 (1u << 3)

struct arch_vm_row {
    uint64_t vttbr;    /* VTTBR_EL2: root table and VMID */
    uint64_t vtcr;     /* VTCR_EL2 */
    uint32_t features; /* ARCH_FEATURE_* */
    uint32_t parange;  /* ID_AA64MMFR0_EL1.PARange that the guest sees */
};

/* VTCR_EL2 (D17.2.158): RES1[31], VS=0, PS[18:16], TG0=4K, SH0=inner, ORGN0=IRGN0=WB, SL0[7:6],
 * T0SZ[5:0]. start_level is 0, 1 or 2. */
#define ARCH_VTCR(ipa_bits, start_level, parange)                                                  \
    ((UINT64_C(1) << 31) | ((uint64_t)(parange) << 16) | (UINT64_C(3) << 12) |                     \
     (UINT64_C(1) << 10) | (UINT64_C(1) << 8) | ((uint64_t)(2 - (start_level)) << 6) |             \
     (uint64_t)(64 - (ipa_bits)))
/* ID_AA64MMFR0_EL1.PARange (D17.2.65): the largest encoding that claims no more than `bits`. */
#define ARCH_PARANGE(bits)                                                                         \
    ((bits) >= 52   ? 6u                                                                           \
     : (bits) >= 48 ? 5u                                                                           \
     : (bits) >= 44 ? 4u                                                                           \
     : (bits) >= 42 ? 3u                                                                           \
     : (bits) >= 40 ? 2u                                                                           \
     : (bits) >= 36 ? 1u                                                                           \
                    : 0u)
#define ARCH_VTTBR(root, vmid) ((uint64_t)(root) + ((uint64_t)(vmid) << 48))

#endif
