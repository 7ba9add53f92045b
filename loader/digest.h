/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LOADER_DIGEST_H
#define LOADER_DIGEST_H

/* Digests of guest images: by the CPU's instructions where the board's CPUs have them
 * (CONFIG_ARCH_SHA256, CONFIG_ARCH_CRC32, which the board's file decides), else in C.  Own CPU, its
 * vCPU off: FP and SIMD registers are used. */

#include <stdint.h>

#define DIGEST_SHA256_SIZE 32u

void digest_sha256(const uint8_t *data, uint64_t size, uint8_t digest[DIGEST_SHA256_SIZE]);
uint32_t digest_crc32(const uint8_t *data, uint64_t size); /* IEEE 802.3, as zlib's */

#endif
