/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PLATFORM_PANIC_H
#define PLATFORM_PANIC_H

/*
 * A bug of ours, or a board that is not the one planned: what is wrong is said in words, and all
 * CPUs stop for good.  First the others are interrupted and waited for, within bounds, so that what
 * is said stands whole on the console; then one CPU takes the console for good and speaks.
 */

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* Any CPU, also before the MMU is on. */
_Noreturn void panic(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The same in steps, for who has more to say than a line. */
void panic_begin(void);
void panic_line(const char *format, ...) __attribute__((format(printf, 1, 2)));
_Noreturn void panic_end(void);

/* Own CPU, `cpu` of pcpu_rows: from here on it can be interrupted, and stops at panics of others.
 */
void panic_join(uint32_t cpu);
/* Own CPU, where another CPU's interrupt is taken: stops here if there was a panic. */
void panic_check(void);
/* What panic_check() looks at. */
extern _Atomic bool panic_begun;

/* The architecture's: interrupts the other CPUs of those that `joined`, if own CPU is among them;
 * how many. */
uint32_t panic_interrupt(const _Atomic bool joined[]);
/* The architecture's: a panic_line() with the VM whose guest ran last on own CPU, if the CPU is
 * among those that `joined` and one ran. */
void panic_vm(const _Atomic bool joined[]);

#if CONFIG_ASSERT
/* `place`: file and line.  Any CPU, as panic(). */
_Noreturn void panic_assertion(const char *place, const char *condition);
#define PANIC_TEXT(x) PANIC_TEXT_OF(x)
#define PANIC_TEXT_OF(x) #x
#define ASSERT(condition)                                                                          \
    ((condition) ? (void)0 : panic_assertion(__FILE__ ":" PANIC_TEXT(__LINE__), #condition))
#else
/* Compiled, never evaluated: what only assertions look at stays in use. */
#define ASSERT(condition) ((void)sizeof((condition) ? 1 : 0))
#endif

#endif
