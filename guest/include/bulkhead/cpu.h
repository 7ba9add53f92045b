/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BULKHEAD_CPU_H
#define BULKHEAD_CPU_H

#include <stdbool.h>

#define CPU_MAX 8 /* CPUs of one VM that the runtime has stacks for */

/* The VM's CPUs, numbered 0, 1, … in the order of its device tree. */
unsigned cpu_count(void);
unsigned cpu_index(void); /* own CPU */

/* Starts CPU `index` (not the own one): it runs fn(arg) with interrupts on, on a stack of its own,
 * and goes off when fn returns.  False: no such CPU, or it is on already.  newlib (printf, malloc)
 * is not reentrant: use it on one CPU at a time, console_puts() anywhere. */
bool cpu_start(unsigned index, void (*fn)(void *arg), void *arg);

/* Sleeps until an interrupt has come (WFI); its handler has run when this returns, unless
 * interrupts are masked. */
void cpu_wait(void);

/* Sleeps until done(arg) is true, asked again after each interrupt; an interrupt between the look
 * and the sleep is not missed.  Not in an interrupt handler. */
void cpu_wait_until(bool (*done)(void *arg), void *arg);

/* In a spin loop: lets another CPU go on. */
void cpu_relax(void);

#endif
