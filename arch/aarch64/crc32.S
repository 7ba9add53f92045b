/* SPDX-License-Identifier: Apache-2.0 */
/* CRC-32 of IEEE 802.3 with the CPU's instructions (FEAT_CRC32, Arm ARM C6.2.79). */

    .arch   armv8-a+crc
    .section .text.crc32, "ax"

/* uint32_t arch_crc32(uint32_t crc, const uint8_t *data, uint64_t size) */
    .global arch_crc32
    .type arch_crc32, %function
arch_crc32:
    subs    x2, x2, #32
    b.lo    2f
1:  ldp     x3, x4, [x1], #16
    ldp     x5, x6, [x1], #16
    crc32x  w0, w0, x3
    crc32x  w0, w0, x4
    crc32x  w0, w0, x5
    crc32x  w0, w0, x6
    subs    x2, x2, #32
    b.hs    1b
2:  adds    x2, x2, #32
    b.eq    4f
3:  ldrb    w3, [x1], #1
    crc32b  w0, w0, w3
    subs    x2, x2, #1
    b.ne    3b
4:  ret
    .size arch_crc32, . - arch_crc32
