/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_LOOPS_H
#define BENCH_LOOPS_H

/* What start.S and bench.c know of each other. */

#include <stdint.h>

/* Hidden: reached relative to the program counter, not through a table that nobody relocates. */
#pragma GCC visibility push(hidden)
/* Ticks of 1024 times the operation, with two arguments of the operation's. */
uint64_t loop_empty(uint64_t a, uint64_t b);
uint64_t loop_hvc(uint64_t a, uint64_t b);
uint64_t loop_read8(uint64_t a, uint64_t b);
uint64_t loop_read16(uint64_t a, uint64_t b);
uint64_t loop_read32(uint64_t a, uint64_t b);
uint64_t loop_read64(uint64_t a, uint64_t b);
uint64_t loop_write8(uint64_t a, uint64_t b);
uint64_t loop_write16(uint64_t a, uint64_t b);
uint64_t loop_write32(uint64_t a, uint64_t b);
uint64_t loop_id(uint64_t a, uint64_t b);
uint64_t loop_mpidr(uint64_t a, uint64_t b);
uint64_t loop_ctr(uint64_t a, uint64_t b);
uint64_t loop_pmr(uint64_t a, uint64_t b);
uint64_t loop_cntv(uint64_t a, uint64_t b);
/* Ticks of 32 reads at `a` into each of x0 to x30. */
uint64_t loop_read32_every(uint64_t a);
/* What is at `address`, 0 where nothing is. */
uint32_t probe32(uint64_t address);
/* Returns `phase` instructions, 0 to 15, further in a tick of the counter. */
void align_phase(uint64_t phase);
/* From here on handlers read the counter HANDLER_DELAY + `nops` instructions, 0 to 15, later; as
 * early as they can again.  So 16 readings tell exactly when the handler of an event began that
 * comes with the counter's tick: of floor((latency + HANDLER_DELAY + nops) / 16) the sum is their
 * sum. */
#define HANDLER_DELAY 3
void handler_phase(uint64_t nops);
void handler_plain(void);
/* All lines of `lines`, SPIs from 0 on, rise, where somebody makes them; when. */
uint64_t lines_rise(uint32_t lines);
void secondary_entry(void);
_Noreturn void bench_main(void);
_Noreturn void bench_secondary(void);
_Noreturn void bench_unexpected(uint64_t esr, uint64_t elr, uint64_t far);

extern volatile uint64_t irq_time;
extern volatile uint32_t irq_intid;
extern volatile uint32_t irq_count;
/* Of interrupt n since the start, at n % IRQ_LOG_COUNT. */
#define IRQ_LOG_COUNT 32
extern volatile uint64_t irq_log_time[IRQ_LOG_COUNT];
extern volatile uint32_t irq_log_intid[IRQ_LOG_COUNT];
#pragma GCC visibility pop

#endif
