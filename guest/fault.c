/* SPDX-License-Identifier: Apache-2.0 */
#include "bulkhead/fault.h"

#include <stdarg.h>
#include <stdio.h>

#include "bulkhead/console.h"
#include "bulkhead/cpu.h"
#include "bulkhead/vm.h"
#include "frame.h"

static fault_handler_fn handler;
static void *handler_arg;

void fault_handler(fault_handler_fn fn, void *arg)
{
    handler_arg = arg;
    handler = fn;
}

/* ESR_ELx.EC, DDI 0487 D17.2.37: those that a unikernel can cause. */
static const char *class_in_words(uint32_t class)
{
    switch (class) {
    case FAULT_UNDEFINED:
        return "undefined instruction";
    case 0x18u:
        return "trapped system register";
    case FAULT_FETCH_ABORT:
        return "instruction abort";
    case 0x22u:
        return "misaligned program counter";
    case FAULT_DATA_ABORT:
        return "data abort";
    case 0x26u:
        return "misaligned stack pointer";
    case 0x3cu:
        return "breakpoint instruction";
    default:
        return "exception";
    }
}

/* One line on the console, whatever state newlib is in. */
__attribute__((format(printf, 1, 2))) static void tell(const char *format, ...)
{
    char line[96];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(line, sizeof(line), format, args);
    va_end(args);
    console_puts(line);
}

static _Noreturn void dump_and_crash(const char *what, const struct frame *frame)
{
    const struct fault *fault = &frame->fault;

    tell("\nunikernel: %s on cpu %u: esr %#llx\n", what, cpu_index(),
         (unsigned long long)fault->esr);
    tell("  pc %#llx, address %#llx, sp %#llx, pstate %#llx\n", (unsigned long long)fault->elr,
         (unsigned long long)fault->far, (unsigned long long)frame->sp,
         (unsigned long long)fault->spsr);
    for (unsigned i = 0; i < 31; i++) {
        tell("%s%s%u %016llx", i % 4 == 0 ? "\n  " : " ", i < 10 ? " x" : "x", i,
             (unsigned long long)fault->x[i]);
    }
    tell("\n");
    vm_crash();
}

void fault_synchronous(struct frame *frame)
{
    if (handler == NULL || !handler(&frame->fault, handler_arg)) {
        dump_and_crash(class_in_words(FAULT_CLASS(frame->fault.esr)), frame);
    }
}

void fault_fiq(struct frame *frame)
{
    dump_and_crash("group 0 interrupt", frame);
}

void fault_serror(struct frame *frame)
{
    dump_and_crash("SError", frame);
}
