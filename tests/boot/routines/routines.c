/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The hypervisor's bulk routines on a bare board at EL2: known answers at all alignments and sizes
 * that they distinguish, and what they cost: under -icount shift=0 an instruction is a nanosecond
 * and the counter ticks every 16.
 */

#include <stdbool.h>
#include <stdint.h>

#include "arch/arch.h"
#include "loader/digest.h"
#include "tests/unit/fixture/digest_vectors.h"

#define UART UINT64_C(0x09000000)
#define AREA UINT64_C(0x48000000)
#define SOURCE UINT64_C(0x50000000)
#define LARGE (UINT64_C(1) << 20)
#define SMALL_MAX 600u
#define GUARD 64u

void routines_main(void);
void routines_unexpected(uint64_t esr, uint64_t elr, uint64_t far);

static void print(const char *text)
{
    for (; *text != '\0'; text++) {
        *(volatile uint32_t *)UART = (uint8_t)*text;
    }
}

static void print_number(uint64_t value)
{
    char digits[24];
    unsigned first = sizeof(digits);

    digits[--first] = '\0';
    do {
        digits[--first] = (char)('0' + value % 10);
        value /= 10;
    } while (value != 0);
    print(digits + first);
}

static void tell(const char *name, uint64_t value)
{
    print(name);
    print(" ");
    print_number(value);
    print("\n");
}

void routines_unexpected(uint64_t esr, uint64_t elr, uint64_t far)
{
    tell("FAIL: exception, syndrome", esr);
    tell("FAIL: exception, pc", elr);
    tell("FAIL: exception, address", far);
}

static uint8_t *bytes(uint64_t at)
{
    return (uint8_t *)at;
}

/* Byte n of what is copied. */
static uint8_t pattern(uint64_t n)
{
    return (uint8_t)(n * 5 + n / 251 + 1);
}

static void fill(uint64_t base, uint64_t size, uint8_t with)
{
    for (uint64_t n = 0; n < size; n++) {
        bytes(base)[n] = with;
    }
}

/* [base, base + size) is zero or the pattern, and nothing around it was touched. */
static bool is_right(uint64_t base, uint64_t size, bool zero)
{
    for (uint64_t n = 0; n < size; n++) {
        if (bytes(base)[n] != (zero ? 0 : pattern(n))) {
            return false;
        }
    }
    for (uint64_t n = 1; n <= GUARD; n++) {
        if (bytes(base)[-(int64_t)n] != 0xa5 || bytes(base)[size + n - 1] != 0xa5) {
            return false;
        }
    }
    return true;
}

static void check_zero(void)
{
    uint64_t wrong = 0;

    for (uint64_t offset = 0; offset < 64; offset += 9) {
        for (uint64_t size = 0; size < SMALL_MAX; size += size < 140 ? 1 : 23) {
            fill(AREA, SMALL_MAX + 4 * GUARD, 0xa5);
            arch_mem_zero(HPA(AREA + GUARD + offset), size);
            wrong += !is_right(AREA + GUARD + offset, size, true);
        }
    }
    tell("zero: wrong", wrong);
}

static void check_copy(void)
{
    uint64_t wrong = 0;

    for (uint64_t from = 0; from < 64; from += 13) {
        for (uint64_t n = 0; n < SMALL_MAX; n++) {
            bytes(SOURCE + from)[n] = pattern(n);
        }
        for (uint64_t offset = 0; offset < 64; offset += 9) {
            for (uint64_t size = 0; size < SMALL_MAX; size += size < 140 ? 3 : 41) {
                fill(AREA, SMALL_MAX + 4 * GUARD, 0xa5);
                arch_mem_copy(HPA(AREA + GUARD + offset), HPA(SOURCE + from), size);
                wrong += !is_right(AREA + GUARD + offset, size, false);
            }
        }
    }
    tell("copy: wrong", wrong);
}

static bool same_digest(const uint8_t *a, const uint8_t *b)
{
    uint8_t difference = 0;

    for (uint32_t n = 0; n < DIGEST_SHA256_SIZE; n++) {
        difference |= a[n] ^ b[n];
    }
    return difference == 0;
}

static void check_digests(void)
{
    uint64_t wrong_sha256 = 0;
    uint64_t wrong_crc32 = 0;

    for (uint32_t n = 0; n < digest_vector_count; n++) {
        const struct digest_vector *vector = &digest_vectors[n];

        for (uint64_t offset = 0; offset < 16; offset += 5) {
            uint8_t digest[DIGEST_SHA256_SIZE];

            digest_vector_fill(bytes(AREA + offset), vector->size);
            digest_sha256(bytes(AREA + offset), vector->size, digest);
            wrong_sha256 += !same_digest(digest, vector->sha256);
            wrong_crc32 += digest_crc32(bytes(AREA + offset), vector->size) != vector->crc32;
        }
    }
    tell("sha256: wrong", wrong_sha256);
    tell("crc32: wrong", wrong_crc32);
}

static uint64_t ticks(void)
{
    uint64_t now;

    __asm__ volatile("isb\n\tmrs %0, cntpct_el0" : "=r"(now)::"memory");
    return now;
}

static void measure(void)
{
    uint8_t digest[DIGEST_SHA256_SIZE];
    uint64_t begin = ticks();

    arch_mem_zero(HPA(AREA), LARGE);
    uint64_t zeroed = ticks();
    arch_mem_copy(HPA(AREA), HPA(SOURCE), LARGE);
    uint64_t copied = ticks();
    digest_sha256(bytes(SOURCE), LARGE, digest);
    uint64_t hashed = ticks();
    (void)digest_crc32(bytes(SOURCE), LARGE);
    uint64_t summed = ticks();

    tell("zero: instructions a MiB", 16 * (zeroed - begin));
    tell("copy: instructions a MiB", 16 * (copied - zeroed));
    tell("sha256: instructions a MiB", 16 * (hashed - copied));
    tell("crc32: instructions a MiB", 16 * (summed - hashed));
}

void routines_main(void)
{
    check_zero();
    check_copy();
    check_digests();
    measure();
    print("done\n");
}
