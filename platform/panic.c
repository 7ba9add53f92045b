/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/panic.h"

#include <stdarg.h>
#include <stddef.h>

#include "gen/rows.h"
#include "platform/console.h"
#include "platform/format.h"
#include "platform/relax.h"
#include <tables.h>

#define MESSAGE_SIZE 512u
#define STOP_SPINS (1u << 20) /* how long others are waited for: some may never answer */

_Atomic bool panic_begun;
static _Atomic bool joined[PCPU_COUNT];
static _Atomic uint32_t stopped;

/* No compare-and-swap here: the MMU may be off.  Several CPUs may come here at once; the console
 * takes one.  An exception on the way comes here again, and goes on behind what it was in. */
void panic_begin(void)
{
    if (!atomic_load(&panic_begun)) {
        atomic_store(&panic_begun, true);
        uint32_t told = panic_interrupt(joined);

        for (uint32_t i = 0; i < STOP_SPINS && atomic_load(&stopped) < told; i++) {
            plat_relax();
        }
    }
    if (!console_seize()) {
        plat_halt();
    }
}

static void write_words(const char *word, const char *format, va_list args)
{
    char message[MESSAGE_SIZE];
    size_t start = format_text(message, sizeof(message), "%s", word);
    size_t size = start + format_args(message + start, sizeof(message) - start, format, args);

    message[size] = '\n'; /* in place of the NUL */
    console_write_seized(message, size + 1);
}

void panic_line(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    write_words("", format, args);
    va_end(args);
}

_Noreturn void panic_end(void)
{
    plat_halt();
}

_Noreturn void panic(const char *format, ...)
{
    va_list args;

    panic_begin();
    va_start(args, format);
    write_words("panic: ", format, args);
    va_end(args);
    panic_vm(joined);
    panic_end();
}

#if CONFIG_ASSERT
_Noreturn void panic_assertion(const char *place, const char *condition)
{
    panic("%s: assertion failed: %s", place, condition);
}
#endif

/* Sequentially consistent: either this CPU sees the panic, or the panic sees this CPU. */
void panic_join(uint32_t cpu)
{
    atomic_store(&joined[cpu], true);
    panic_check();
}

void panic_check(void)
{
    if (atomic_load(&panic_begun)) {
        atomic_fetch_add(&stopped, 1);
        plat_halt();
    }
}
