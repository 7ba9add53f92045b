/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256 (FIPS 180-4) with the CPU's instructions (FEAT_SHA256, Arm ARM C7.2.239 ff.). */

    .arch   armv8-a+crypto
    .section .text, "ax"

/* Four rounds; w is the register with these four schedule words. */
    .macro  rounds w
    ld1     {v20.4s}, [x4], #16
    add     v20.4s, v20.4s, \w\().4s
    mov     v21.16b, v18.16b
    sha256h q18, q19, v20.4s
    sha256h2 q19, q21, v20.4s
    .endm

/* Four rounds, and w becomes the schedule words sixteen rounds later. */
    .macro  rounds_schedule w0, w1, w2, w3
    rounds  \w0
    sha256su0 \w0\().4s, \w1\().4s
    sha256su1 \w0\().4s, \w2\().4s, \w3\().4s
    .endm

/* void aarch64_sha256_blocks(uint32_t state[8], const uint8_t *data, uint64_t block_count) */
    .global aarch64_sha256_blocks
    .type aarch64_sha256_blocks, %function
aarch64_sha256_blocks:
    cbz     x2, 2f
    ldp     q16, q17, [x0]
    adr     x3, sha256_constants
1:  ld1     {v0.16b-v3.16b}, [x1], #64
    mov     x4, x3
    mov     v18.16b, v16.16b
    mov     v19.16b, v17.16b
    rev32   v0.16b, v0.16b
    rev32   v1.16b, v1.16b
    rev32   v2.16b, v2.16b
    rev32   v3.16b, v3.16b
    .rept   3
    rounds_schedule v0, v1, v2, v3
    rounds_schedule v1, v2, v3, v0
    rounds_schedule v2, v3, v0, v1
    rounds_schedule v3, v0, v1, v2
    .endr
    rounds  v0
    rounds  v1
    rounds  v2
    rounds  v3
    add     v16.4s, v16.4s, v18.4s
    add     v17.4s, v17.4s, v19.4s
    subs    x2, x2, #1
    b.ne    1b
    stp     q16, q17, [x0]
2:  ret
    .size aarch64_sha256_blocks, . - aarch64_sha256_blocks

    .balign 16
sha256_constants:
    .word 0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5
    .word 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174
    .word 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da
    .word 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967
    .word 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85
    .word 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070
    .word 0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3
    .word 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2
