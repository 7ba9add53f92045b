/* SPDX-License-Identifier: Apache-2.0 */
/* AArch64's long double is IEEE 754 binary128, which the CPU does not compute.  newlib's printf and
 * scanf need the two conversions to and from double; arithmetic on long double is not offered. */

#include <stdint.h>
#include <string.h>

#define DOUBLE_FRACTION_BITS 52
#define DOUBLE_BIAS 1023
#define DOUBLE_EXPONENT_MAX 0x7ff
#define QUAD_FRACTION_BITS 112
#define QUAD_BIAS 16383
#define QUAD_EXPONENT_MAX 0x7fff
#define FRACTION_SHIFT (QUAD_FRACTION_BITS - DOUBLE_FRACTION_BITS)

typedef unsigned __int128 quad_bits;

long double __extenddftf2(double value);
double __trunctfdf2(long double value);

long double __extenddftf2(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof(bits));
    quad_bits sign = (quad_bits)(bits >> 63) << 127;
    uint64_t exponent = (bits >> DOUBLE_FRACTION_BITS) & DOUBLE_EXPONENT_MAX;
    quad_bits fraction = bits & (((uint64_t)1 << DOUBLE_FRACTION_BITS) - 1);

    quad_bits result;
    if (exponent == DOUBLE_EXPONENT_MAX) {
        result = ((quad_bits)QUAD_EXPONENT_MAX << QUAD_FRACTION_BITS) | fraction << FRACTION_SHIFT;
    } else if (exponent != 0) {
        exponent += QUAD_BIAS - DOUBLE_BIAS;
        result = ((quad_bits)exponent << QUAD_FRACTION_BITS) | fraction << FRACTION_SHIFT;
    } else if (fraction != 0) { /* subnormal: normal in the wider format */
        int shift = __builtin_clzll((uint64_t)fraction) - 11;
        exponent = (uint64_t)(QUAD_BIAS - DOUBLE_BIAS + 1 - shift);
        fraction = fraction << shift & (((uint64_t)1 << DOUBLE_FRACTION_BITS) - 1);
        result = ((quad_bits)exponent << QUAD_FRACTION_BITS) | fraction << FRACTION_SHIFT;
    } else {
        result = 0;
    }
    result |= sign;
    long double wide;
    memcpy(&wide, &result, sizeof(wide));
    return wide;
}

/* fraction >> shift, rounded to the nearest, ties to even; shift is 1 to 127. */
static uint64_t shift_rounded(quad_bits fraction, int shift)
{
    quad_bits kept = fraction >> shift;
    quad_bits lost = fraction & (((quad_bits)1 << shift) - 1);
    quad_bits half = (quad_bits)1 << (shift - 1);
    if (lost > half || (lost == half && (kept & 1) != 0)) {
        kept++;
    }
    return (uint64_t)kept;
}

double __trunctfdf2(long double value)
{
    quad_bits bits;
    memcpy(&bits, &value, sizeof(bits));
    uint64_t sign = (uint64_t)(bits >> 127) << 63;
    int exponent = (int)((bits >> QUAD_FRACTION_BITS) & QUAD_EXPONENT_MAX);
    quad_bits fraction = bits & (((quad_bits)1 << QUAD_FRACTION_BITS) - 1);
    const uint64_t infinity = (uint64_t)DOUBLE_EXPONENT_MAX << DOUBLE_FRACTION_BITS;

    uint64_t result;
    int narrow = exponent - QUAD_BIAS + DOUBLE_BIAS;
    if (exponent == QUAD_EXPONENT_MAX) {
        uint64_t top = (uint64_t)(fraction >> FRACTION_SHIFT);
        uint64_t quiet = (uint64_t)1 << (DOUBLE_FRACTION_BITS - 1);
        result = infinity | (fraction != 0 ? top | quiet : 0);
    } else if (narrow >= DOUBLE_EXPONENT_MAX) {
        result = infinity;
    } else if (narrow > 0) { /* a carry out of the fraction moves on into the exponent */
        result =
            ((uint64_t)narrow << DOUBLE_FRACTION_BITS) + shift_rounded(fraction, FRACTION_SHIFT);
    } else if (narrow >= -DOUBLE_FRACTION_BITS) { /* subnormal */
        fraction |= (quad_bits)1 << QUAD_FRACTION_BITS;
        result = shift_rounded(fraction, FRACTION_SHIFT + 1 - narrow);
    } else {
        result = 0;
    }
    result |= sign;
    double small;
    memcpy(&small, &result, sizeof(small));
    return small;
}
