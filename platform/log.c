/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/log.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "platform/console.h"

#define LINE_SIZE 256u

static const char *const level_words[] = {
    [LOG_ERROR] = "error: ",
    [LOG_WARN] = "warning: ",
    [LOG_INFO] = "",
    [LOG_DEBUG] = "",
};

void log_line(enum log_level level, const char *format, ...)
{
    char line[LINE_SIZE];
    size_t used = strlen(level_words[level]);
    size_t room = LINE_SIZE - used - 1; /* a terminator of vsnprintf's gives way to the newline */
    va_list args;

    memcpy(line, level_words[level], used);
    va_start(args, format);
    int length = vsnprintf(line + used, room, format, args);
    va_end(args);
    if (length > 0) {
        used += (size_t)length < room ? (size_t)length : room - 1;
    }
    line[used] = '\n';
    console_write(line, used + 1);
}
