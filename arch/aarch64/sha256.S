/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256 (FIPS 180-4) with the CPU's instructions (FEAT_SHA256, Arm ARM C7.2.239 ff.): 99
 * instructions a block.  v0-v15 hold the 64 constants. */

    .arch   armv8-a+crypto
    .section .text.sha256, "ax"

    /* Four rounds; k: their constants, w: their schedule words. */
    .macro  rounds k, w
    add     v24.4s, \k\().4s, \w\().4s
    mov     v25.16b, v22.16b
    sha256h q22, q23, v24.4s
    sha256h2 q23, q25, v24.4s
    .endm

    /* Four rounds, and w0 becomes the schedule words sixteen rounds later. */
    .macro  rounds_schedule k, w0, w1, w2, w3
    rounds  \k, \w0
    sha256su0 \w0\().4s, \w1\().4s
    sha256su1 \w0\().4s, \w2\().4s, \w3\().4s
    .endm

/* void arch_sha256_blocks(uint32_t state[8], const uint8_t *data, uint64_t block_count) */
    .global arch_sha256_blocks
    .type arch_sha256_blocks, %function
arch_sha256_blocks:
    cbz     x2, 2f
    adr     x3, sha256_constants
    ld1     {v0.4s-v3.4s}, [x3], #64
    ld1     {v4.4s-v7.4s}, [x3], #64
    ld1     {v8.4s-v11.4s}, [x3], #64
    ld1     {v12.4s-v15.4s}, [x3]
    ldp     q20, q21, [x0]
1:  ld1     {v16.16b-v19.16b}, [x1], #64
    mov     v22.16b, v20.16b
    mov     v23.16b, v21.16b
    rev32   v16.16b, v16.16b
    rev32   v17.16b, v17.16b
    rev32   v18.16b, v18.16b
    rev32   v19.16b, v19.16b
    rounds_schedule v0, v16, v17, v18, v19
    rounds_schedule v1, v17, v18, v19, v16
    rounds_schedule v2, v18, v19, v16, v17
    rounds_schedule v3, v19, v16, v17, v18
    rounds_schedule v4, v16, v17, v18, v19
    rounds_schedule v5, v17, v18, v19, v16
    rounds_schedule v6, v18, v19, v16, v17
    rounds_schedule v7, v19, v16, v17, v18
    rounds_schedule v8, v16, v17, v18, v19
    rounds_schedule v9, v17, v18, v19, v16
    rounds_schedule v10, v18, v19, v16, v17
    rounds_schedule v11, v19, v16, v17, v18
    rounds  v12, v16
    rounds  v13, v17
    rounds  v14, v18
    rounds  v15, v19
    add     v20.4s, v20.4s, v22.4s
    add     v21.4s, v21.4s, v23.4s
    subs    x2, x2, #1
    b.ne    1b
    stp     q20, q21, [x0]
2:  ret
    .size arch_sha256_blocks, . - arch_sha256_blocks

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
