/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTACKER_TRAP_H
#define ATTACKER_TRAP_H

#include <stdbool.h>
#include <stdint.h>

/* The attacker's own vectors (trap.S), which touch no stack: an exception is counted and its
 * instruction skipped; an interrupt is acknowledged and ended, whatever raised it stays. */
struct trap {
    uint64_t faults;
    uint64_t escape; /* frame of attempt(), 0: skip the instruction */
    uint64_t interrupts;
    uint64_t interrupt_limit; /* from so many on they are masked */
    uint64_t syndrome;        /* of the last fault */
    uint64_t unused[3];
};
extern struct trap traps[2]; /* of each CPU */

void trap_install(void); /* own CPU; interrupts stay masked */
struct trap *trap_own(void);

/* Calls code at `entry` with all of x0 to x29 from registers[]; false: it ended in an exception,
 * wherever that was.  Code at EL0 ends by an interrupt, too. */
bool attempt(uint64_t entry, const uint64_t registers[30]);

/* Code for attempt(). */
void stub_hvc(void);
void stub_smc(void);
void stub_eret(void);  /* to where ELR_EL1 and SPSR_EL1 say */
void stub_load(void);  /* from x0 */
void stub_store(void); /* x1 to x0 */

/* Makes instructions that were written there fetchable: one cache line. */
void publish(const void *code);

/* Runs work(arg) with the MMU off, so that addresses are guest-physical ones. */
void bare(void (*work)(void *arg), void *arg);

/* trap.S */
extern const char attacker_vectors[];

#endif
