/* SPDX-License-Identifier: Apache-2.0 */
#include "loader/digest.h"

#include <string.h>

#include "arch/arch.h"

#define BLOCK 64u

static const uint32_t round_constants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2
};

static uint32_t rotate(uint32_t value, unsigned bits)
{
    return value >> bits | value << (32 - bits);
}

/* The message schedule (FIPS 180-4, 6.2.2, step 1). */
static void schedule(uint32_t w[64], const uint8_t *data)
{
    for (unsigned t = 0; t < 16; t++) {
        w[t] = (uint32_t)data[4 * t] << 24 | (uint32_t)data[4 * t + 1] << 16 |
               (uint32_t)data[4 * t + 2] << 8 | data[4 * t + 3];
    }
    for (unsigned t = 16; t < 64; t++) {
        uint32_t near = w[t - 2];
        uint32_t far = w[t - 15];

        w[t] = (rotate(near, 17) ^ rotate(near, 19) ^ near >> 10) + w[t - 7] +
               (rotate(far, 7) ^ rotate(far, 18) ^ far >> 3) + w[t - 16];
    }
}

/* Steps 2 to 4; v: a to h, moved along one place each round. */
static void block(uint32_t state[8], const uint8_t *data)
{
    uint32_t w[64];
    uint32_t v[8];

    schedule(w, data);
    memcpy(v, state, sizeof(v));
    for (unsigned t = 0; t < 64; t++) {
        uint32_t choice = (v[4] & v[5]) ^ (~v[4] & v[6]);
        uint32_t majority = (v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]);
        uint32_t one = v[7] + (rotate(v[4], 6) ^ rotate(v[4], 11) ^ rotate(v[4], 25)) + choice +
                       round_constants[t] + w[t];
        uint32_t two = (rotate(v[0], 2) ^ rotate(v[0], 13) ^ rotate(v[0], 22)) + majority;

        for (unsigned n = 7; n > 0; n--) {
            v[n] = v[n - 1];
        }
        v[4] += one;
        v[0] = one + two;
    }
    for (unsigned n = 0; n < 8; n++) {
        state[n] += v[n];
    }
}

static void blocks(uint32_t state[8], const uint8_t *data, uint64_t count)
{
    if (CONFIG_ARCH_SHA256) {
        arch_sha256_blocks(state, data, count);
        return;
    }
    for (uint64_t n = 0; n < count; n++) {
        block(state, data + BLOCK * n);
    }
}

/* What follows the last whole block: the rest, and the padding of FIPS 180-4, 5.1.1: 0x80, zeros,
 * the length in bits.  Returns its blocks. */
static uint64_t pad(uint8_t tail[2 * BLOCK], const uint8_t *rest, uint64_t size)
{
    uint64_t rest_size = size % BLOCK;
    uint64_t tail_size = rest_size < BLOCK - 8 ? BLOCK : 2 * BLOCK;

    memset(tail, 0, 2 * BLOCK);
    memcpy(tail, rest, rest_size);
    tail[rest_size] = 0x80;
    for (unsigned byte = 0; byte < 8; byte++) {
        tail[tail_size - 1 - byte] = (uint8_t)((size * 8) >> (8 * byte));
    }
    return tail_size / BLOCK;
}

void digest_sha256(const uint8_t *data, uint64_t size, uint8_t digest[DIGEST_SHA256_SIZE])
{
    uint32_t state[8] = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                          0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19 };
    uint8_t tail[2 * BLOCK];
    uint64_t whole = size / BLOCK;

    blocks(state, data, whole);
    blocks(state, tail, pad(tail, data + whole * BLOCK, size));
    for (unsigned n = 0; n < DIGEST_SHA256_SIZE; n++) {
        digest[n] = (uint8_t)(state[n / 4] >> (24 - 8 * (n % 4)));
    }
}

uint32_t digest_crc32(const uint8_t *data, uint64_t size)
{
    uint32_t crc = UINT32_MAX;

    if (CONFIG_ARCH_CRC32) {
        return ~arch_crc32(crc, data, size);
    }
    for (uint64_t n = 0; n < size; n++) {
        crc ^= data[n];
        for (unsigned bit = 0; bit < 8; bit++) {
            crc = (crc >> 1) ^ (UINT32_C(0xedb88320) & (0u - (crc & 1)));
        }
    }
    return ~crc;
}
