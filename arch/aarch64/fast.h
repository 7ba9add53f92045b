/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AARCH64_FAST_H
#define AARCH64_FAST_H

/* What fast.S and fast.c know of each other: offsets in struct arch_vcpu and struct mmio_row. */

#define FAST_LAST 248
#define FAST_ROWS 256
#define FAST_MIDDLE 264
#define FAST_SEARCH 272
#define FAST_CALL 280
#define FAST_ANSWER 288
#define FAST_ID_KNOWN 296
#define FAST_ID 304
#define FAST_ACKNOWLEDGED 816
#define FAST_ROW_SIZE 32
#define FAST_ROW_BASE 0

/* The frame of a short way, below that of aarch64_enter(), and the vCPU's place in that. */
#define FRAME 96
#define VCPU (FRAME + 96)

/* ESR_EL2 (Arm ARM D17.2.37) */
#define ESR_DATA_ABORT 0x93 /* bits 31:24: a data abort from below with ISV and IL */
#define ESR_HVC 0x5a000000  /* an HVC #0 */

#define FAST_LEVELS 8      /* of bisection behind the first: up to 512 rows */
#define FAST_LEVEL_SIZE 16 /* bytes of code */

#endif
