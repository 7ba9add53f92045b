/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PLATFORM_PANIC_H
#define PLATFORM_PANIC_H

/* A bug of ours, or a board that is not the one planned: seizes the console, says what in words,
 * stops this CPU for good.  Any CPU, also before the MMU is on. */
_Noreturn void panic(const char *format, ...) __attribute__((format(printf, 1, 2)));

#if CONFIG_ASSERT
#define ASSERT(condition)                                                                          \
    ((condition) ? (void)0 : panic("%s:%d: assertion failed: %s", __FILE__, __LINE__, #condition))
#else
#define ASSERT(condition) ((void)0)
#endif

#endif
