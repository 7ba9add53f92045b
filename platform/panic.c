/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/panic.h"

#include <stdarg.h>
#include <stddef.h>

#include "platform/console.h"
#include "platform/format.h"
#include "platform/relax.h"

#define MESSAGE_SIZE 512u

_Noreturn void panic(const char *format, ...)
{
    static const char word[] = "panic: ";
    char message[MESSAGE_SIZE];
    va_list args;

    console_seize();
    va_start(args, format);
    size_t length = format_args(message, sizeof(message), format, args);
    va_end(args);
    console_write(word, sizeof(word) - 1);
    console_write(message, length);
    console_write("\n", 1);
    plat_halt();
}
