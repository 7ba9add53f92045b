/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BULKHEAD_TIMER_H
#define BULKHEAD_TIMER_H

#include <stdint.h>

/* The virtual timer; nanoseconds since the VM first started.  Each CPU has its own. */

uint64_t timer_now_ns(void);

/* Calls handler(arg) once, in interrupt context on the own CPU, `delay_ns` from now.  One a CPU: a
 * later call replaces an earlier one that has not fired; a handler may call this again. */
void timer_after(uint64_t delay_ns, void (*handler)(void *arg), void *arg);
void timer_cancel(void);

/* Sleeps; interrupts are served meanwhile.  Not in an interrupt handler. */
void timer_sleep(uint64_t delay_ns);

#endif
