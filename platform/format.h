/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PLATFORM_FORMAT_H
#define PLATFORM_FORMAT_H

/*
 * printf's text for the hypervisor's own messages: %d %u %x %c %s %%, with l and ll, flags - 0 #,
 * width as a number, precision as a number for %s.  A conversion that is none of these comes out as
 * it stands and takes no argument; tests/unit/test_formats.py finds it in the sources.
 */

#include <stdarg.h>
#include <stddef.h>

/* What fits into `to`, which has `room` > 0 bytes, with a NUL; returns its length without that. */
size_t format_args(char *to, size_t room, const char *format, va_list args)
    __attribute__((format(printf, 3, 0)));
size_t format_text(char *to, size_t room, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
