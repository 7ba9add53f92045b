/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/format.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define DIGITS_MAX 20u /* of 2^64 - 1 in decimal */

struct output {
    char *to;
    size_t room; /* without the NUL */
    size_t size;
};

struct conversion {
    bool left;
    bool zeros;
    bool prefix;
    uint32_t width;
    uint32_t precision; /* of a string: UINT32_MAX: all of it */
    uint32_t longs;     /* how often l stands there */
};

static void put(struct output *output, char c)
{
    if (output->size < output->room) {
        output->to[output->size++] = c;
    }
}

static void put_all(struct output *output, const char *text, size_t size)
{
    for (size_t n = 0; n < size; n++) {
        put(output, text[n]);
    }
}

static void pad(struct output *output, char with, size_t used, uint32_t width)
{
    for (; used < width; used++) {
        put(output, with);
    }
}

/* sign: what stands before the zeros of a number. */
static void put_field(struct output *output, const struct conversion *how, const char *sign,
                      const char *text, size_t size)
{
    size_t used = strlen(sign) + size;
    bool zeros = how->zeros && !how->left;

    if (!how->left && !zeros) {
        pad(output, ' ', used, how->width);
    }
    put_all(output, sign, strlen(sign));
    if (zeros) {
        pad(output, '0', used, how->width);
    }
    put_all(output, text, size);
    if (how->left) {
        pad(output, ' ', used, how->width);
    }
}

static void put_number(struct output *output, const struct conversion *how, const char *sign,
                       uint64_t value, uint32_t base)
{
    char digits[DIGITS_MAX];
    uint32_t first = DIGITS_MAX;

    do {
        digits[--first] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value != 0);
    put_field(output, how, sign, digits + first, DIGITS_MAX - first);
}

static void put_string(struct output *output, const struct conversion *how, const char *text)
{
    size_t size = 0;

    while (size < how->precision && text[size] != '\0') {
        size++;
    }
    put_field(output, how, "", text, size);
}

static uint32_t read_number(const char **at)
{
    uint32_t value = 0;

    for (; **at >= '0' && **at <= '9'; (*at)++) {
        value = 10 * value + (uint32_t)(**at - '0');
    }
    return value;
}

/* Behind the '%', up to the letter that tells the conversion. */
static struct conversion read_conversion(const char **at)
{
    struct conversion how = { .precision = UINT32_MAX };

    for (;; (*at)++) {
        if (**at == '-') {
            how.left = true;
        } else if (**at == '0') {
            how.zeros = true;
        } else if (**at == '#') {
            how.prefix = true;
        } else {
            break;
        }
    }
    how.width = read_number(at);
    if (**at == '.') {
        (*at)++;
        how.precision = read_number(at);
    }
    for (; **at == 'l'; (*at)++) {
        how.longs++;
    }
    return how;
}

static uint64_t unsigned_argument(const struct conversion *how, va_list *args)
{
    return how->longs > 0 ? va_arg(*args, unsigned long) : va_arg(*args, unsigned);
}

/* false: `letter` is no conversion of ours. */
static bool convert(struct output *output, const struct conversion *how, char letter, va_list *args)
{
    if (letter == 'u') {
        put_number(output, how, "", unsigned_argument(how, args), 10);
    } else if (letter == 'x') {
        uint64_t value = unsigned_argument(how, args);

        put_number(output, how, how->prefix && value != 0 ? "0x" : "", value, 16);
    } else if (letter == 'd') {
        int64_t value = how->longs > 0 ? va_arg(*args, long) : va_arg(*args, int);
        uint64_t size = value < 0 ? -(uint64_t)value : (uint64_t)value;

        put_number(output, how, value < 0 ? "-" : "", size, 10);
    } else if (letter == 's') {
        put_string(output, how, va_arg(*args, const char *));
    } else if (letter == 'c') {
        char c = (char)va_arg(*args, int);

        put_field(output, how, "", &c, 1);
    } else if (letter == '%') {
        put(output, '%');
    } else {
        return false;
    }
    return true;
}

_Static_assert(sizeof(long) == sizeof(long long), "l and ll are the same");

size_t format_args(char *to, size_t room, const char *format, va_list args)
{
    struct output output = { .to = to, .room = room - 1 };
    va_list rest;

    va_copy(rest, args);
    while (*format != '\0') {
        const char *begin = format++;

        if (*begin != '%') {
            put(&output, *begin);
            continue;
        }
        struct conversion how = read_conversion(&format);

        if (convert(&output, &how, *format, &rest)) {
            format++;
        } else {
            put_all(&output, begin, (size_t)(format - begin));
        }
    }
    va_end(rest);
    to[output.size] = '\0';
    return output.size;
}

size_t format_text(char *to, size_t room, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    size_t size = format_args(to, room, format, args);
    va_end(args);
    return size;
}
