/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/log.h"

#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include "platform/console.h"
#include "platform/format.h"

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
    va_list args;

    memcpy(line, level_words[level], used);
    va_start(args, format);
    used += format_args(line + used, LINE_SIZE - used, format, args);
    va_end(args);
    line[used] = '\n'; /* in place of the NUL */
    console_write(line, used + 1);
}
