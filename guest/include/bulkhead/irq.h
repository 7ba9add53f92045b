/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BULKHEAD_IRQ_H
#define BULKHEAD_IRQ_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Interrupts, by INTID: 0-15 SGI (from other CPUs), 16-31 PPI (of one CPU), from 32 SPI (shared).
 * SGIs and PPIs are the own CPU's; an SPI goes to CPU 0.  All are in group 1.
 */
#define IRQ_PPI(number) (16u + (number))
#define IRQ_SPI(number) (32u + (number))

typedef void (*irq_handler_fn)(uint32_t intid, void *arg);

/* Calls fn(intid, arg) at each such interrupt, with interrupts masked, on a stack of its own.  The
 * interrupt still has to be enabled.  Handlers are the same on all CPUs. */
void irq_handler(uint32_t intid, irq_handler_fn fn, void *arg);

void irq_enable(uint32_t intid);
void irq_disable(uint32_t intid);
void irq_set_edge(uint32_t intid, bool edge);            /* SPI: edge-triggered, else level */
void irq_set_priority(uint32_t intid, uint8_t priority); /* 0 most urgent; 0xa0 after start */

/* Sends SGI `intid` to CPU `cpu` (which may be the own one). */
void irq_send(unsigned cpu, uint32_t intid);

/* Masks interrupts on the own CPU; returns what irq_restore() needs. */
uint64_t irq_mask(void);
void irq_restore(uint64_t state);

#endif
