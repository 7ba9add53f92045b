/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What the compiler calls to convert between double and the 128-bit long double of AArch64, which
 * no instruction does (names: Run-time ABI; formats: IEEE 754 binary64, binary128).  newlib's
 * printf and scanf need them for %Lf.  Long double arithmetic is not provided.
 */

#include "quad.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

typedef unsigned __int128 quad_bits;

#define DOUBLE_FRACTION 52
#define DOUBLE_EXPONENT_MAX 0x7ff
#define DOUBLE_BIAS 1023
#define QUAD_FRACTION 112
#define QUAD_EXPONENT_MAX 0x7fff
#define QUAD_BIAS 16383
#define SHIFT (QUAD_FRACTION - DOUBLE_FRACTION)

static double double_of(uint64_t bits)
{
    double value;
    memcpy(&value, &bits, sizeof(value));
    return value;
}

/* `fraction` / 2^shift, rounded to nearest, ties to even. */
static uint64_t round_off(quad_bits fraction, int shift)
{
    const quad_bits half = (quad_bits)1 << (shift - 1);
    const quad_bits rest = fraction & ((half << 1) - 1);
    const uint64_t kept = (uint64_t)(fraction >> shift);

    return kept + (rest > half || (rest == half && (kept & 1)));
}

double __trunctfdf2(long double value)
{
    quad_bits bits;
    memcpy(&bits, &value, sizeof(bits));
    const uint64_t sign = (uint64_t)(bits >> 127) << 63;
    const int quad_exponent = (int)(bits >> QUAD_FRACTION) & QUAD_EXPONENT_MAX;
    const quad_bits one = (quad_bits)1 << QUAD_FRACTION;
    const quad_bits fraction = bits & (one - 1);
    const uint64_t infinity = (uint64_t)DOUBLE_EXPONENT_MAX << DOUBLE_FRACTION;

    if (quad_exponent == QUAD_EXPONENT_MAX && fraction != 0) { /* not a number: made quiet */
        return double_of(sign | infinity | (UINT64_C(1) << (DOUBLE_FRACTION - 1)) |
                         (uint64_t)(fraction >> SHIFT));
    }
    const int exponent = quad_exponent - QUAD_BIAS + DOUBLE_BIAS;
    if (exponent >= DOUBLE_EXPONENT_MAX) {
        return double_of(sign | infinity);
    }
    if (exponent > 0) { /* a carry of the rounding goes into the exponent, as it should */
        return double_of(sign |
                         (((uint64_t)exponent << DOUBLE_FRACTION) + round_off(fraction, SHIFT)));
    }
    if (exponent < -DOUBLE_FRACTION) {
        return double_of(sign);
    }
    return double_of(sign | round_off(fraction | one, SHIFT + 1 - exponent));
}

long double __extenddftf2(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof(bits));
    const quad_bits sign = (quad_bits)(bits >> 63) << 127;
    int exponent = (int)(bits >> DOUBLE_FRACTION) & DOUBLE_EXPONENT_MAX;
    uint64_t fraction = bits & ((UINT64_C(1) << DOUBLE_FRACTION) - 1);

    if (exponent == DOUBLE_EXPONENT_MAX) {
        exponent = QUAD_EXPONENT_MAX;
    } else if (exponent != 0) {
        exponent += QUAD_BIAS - DOUBLE_BIAS;
    } else if (fraction != 0) { /* subnormal: has an implicit one in the wider format */
        const int up = __builtin_clzll(fraction) - (63 - DOUBLE_FRACTION);
        fraction = (fraction << up) & ((UINT64_C(1) << DOUBLE_FRACTION) - 1);
        exponent = 1 - up + QUAD_BIAS - DOUBLE_BIAS;
    }
    const quad_bits result =
        sign | (quad_bits)exponent << QUAD_FRACTION | (quad_bits)fraction << SHIFT;
    long double wide;
    memcpy(&wide, &result, sizeof(wide));
    return wide;
}
