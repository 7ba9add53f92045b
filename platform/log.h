/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PLATFORM_LOG_H
#define PLATFORM_LOG_H

/* The hypervisor's log: one line a call, without newline; formats of platform/format.h.
 * Any CPU; never waits for the UART.  Levels by Kconfig LOG_LEVEL_*: lower ones compile to
 * nothing, all with LOG_LEVEL_NONE; a panic speaks always. */

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

void log_line(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* CONFIG_LOG_LEVEL_VALUE is -1 for LOG_LEVEL_NONE. */
#define LOG_KEPT(level) ((int)(level) <= CONFIG_LOG_LEVEL_VALUE)
#define LOG_AT(level, ...)                                                                         \
    do {                                                                                           \
        if (LOG_KEPT(level)) {                                                                     \
            log_line((level), __VA_ARGS__);                                                        \
        }                                                                                          \
    } while (0)
#define log_error(...) LOG_AT(LOG_ERROR, __VA_ARGS__)
#define log_warn(...) LOG_AT(LOG_WARN, __VA_ARGS__)
#define log_info(...) LOG_AT(LOG_INFO, __VA_ARGS__)
#define log_debug(...) LOG_AT(LOG_DEBUG, __VA_ARGS__)

#endif
