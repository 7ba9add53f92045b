/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "arch/aarch64/aarch64.h"
#include "arch/aarch64/sysreg.h"
#include "arch/arch.h"
#include "platform/panic.h"

#define SHA256_BLOCK 64u
#define ID_FIELD(reg, shift) ((AARCH64_READ(reg) >> (shift)) & 0xf)

/* Padding of FIPS 180-4, 5.1.1: 0x80, zeros, the length in bits. */
static uint64_t sha256_tail(uint8_t tail[2 * SHA256_BLOCK], const uint8_t *rest, uint64_t size)
{
    uint64_t rest_size = size % SHA256_BLOCK;
    uint64_t tail_size = rest_size < SHA256_BLOCK - 8 ? SHA256_BLOCK : 2 * SHA256_BLOCK;

    memset(tail, 0, 2 * SHA256_BLOCK);
    memcpy(tail, rest, rest_size);
    tail[rest_size] = 0x80;
    for (unsigned byte = 0; byte < 8; byte++) {
        tail[tail_size - 1 - byte] = (uint8_t)((size * 8) >> (8 * byte));
    }
    return tail_size / SHA256_BLOCK;
}

void arch_mem_sha256(hpa_t base, uint64_t size, uint8_t digest[32])
{
    _Alignas(16) uint32_t state[8] = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                       0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19 };
    const uint8_t *data = (const uint8_t *)base.addr;
    uint8_t tail[2 * SHA256_BLOCK];
    uint64_t whole = size / SHA256_BLOCK;

    if (ID_FIELD(id_aa64isar0_el1, 12) == 0) {
        panic("this CPU has no SHA-256 instructions: build with VERIFY_IMAGES = \"crc32\"");
    }
    aarch64_sha256_blocks(state, data, whole);
    aarch64_sha256_blocks(state, tail, sha256_tail(tail, data + whole * SHA256_BLOCK, size));
    for (unsigned word = 0; word < 8; word++) {
        for (unsigned byte = 0; byte < 4; byte++) {
            digest[4 * word + byte] = (uint8_t)(state[word] >> (24 - 8 * byte));
        }
    }
}

static uint32_t crc32_byte(uint32_t crc, uint8_t byte)
{
    crc ^= byte;
    for (unsigned bit = 0; bit < 8; bit++) {
        crc = (crc >> 1) ^ (UINT32_C(0xedb88320) & (0u - (crc & 1)));
    }
    return crc;
}

static uint32_t crc32_instructions(uint32_t crc, const uint8_t *data, uint64_t words)
{
    const uint64_t *word = (const uint64_t *)(uintptr_t)data;

    for (uint64_t n = 0; n < words; n++) {
        __asm__(".arch_extension crc\n\tcrc32x %w0, %w0, %x1" : "+r"(crc) : "r"(word[n]));
    }
    return crc;
}

uint32_t arch_mem_crc32(hpa_t base, uint64_t size)
{
    const uint8_t *data = (const uint8_t *)base.addr;
    uint32_t crc = UINT32_MAX;
    uint64_t done = 0;

    if (ID_FIELD(id_aa64isar0_el1, 16) != 0 && (base.addr & 7) == 0) {
        done = size & ~UINT64_C(7);
        crc = crc32_instructions(crc, data, done / 8);
    }
    for (; done < size; done++) {
        crc = crc32_byte(crc, data[done]);
    }
    return ~crc;
}
