/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/panic.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include "platform/console.h"
#include "platform/relax.h"

#define MESSAGE_SIZE 512u

_Noreturn void panic(const char *format, ...)
{
    static const char word[] = "panic: ";
    char message[MESSAGE_SIZE];
    va_list args;

    console_seize();
    va_start(args, format);
    int length = vsnprintf(message, sizeof(message), format, args);
    va_end(args);
    if (length < 0) {
        length = 0;
    } else if ((size_t)length >= sizeof(message)) {
        length = (int)sizeof(message) - 1;
    }
    console_write(word, sizeof(word) - 1);
    console_write(message, (size_t)length);
    console_write("\n", 1);
    plat_halt();
}
