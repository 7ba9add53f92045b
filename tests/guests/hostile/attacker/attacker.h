/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTACKER_H
#define ATTACKER_H

#include <stddef.h>
#include <stdint.h>

/* The attacks of ../attacks.h: each returns how much it did. */
uint64_t attack_mmio(void);
uint64_t attack_calls(void);
uint64_t attack_sysregs(void);
uint64_t attack_sgis(void);
uint64_t attack_gic(void);
uint64_t attack_forms(void);
uint64_t attack_fetches(void);
uint64_t attack_walks(void);
uint64_t attack_channels(void);
uint64_t attack_storms(void);
uint64_t attack_power(void);
uint64_t attack_priorities(void);
uint64_t attack_edges(void);
uint64_t attack_unprivileged(void);
uint64_t attack_crash(void); /* the VM crashes; does not return */

/* Runs work(arg) on both CPUs at once, arg 0 and 1, MMU off; returns when both ended. */
void on_both(void (*work)(void *arg));
extern uint64_t accesses_wanted; /* of attack_mmio(), from the command line */

/* Addresses of interest: everything that the board has, and that others have. */
struct target {
    uint64_t base;
    uint64_t size;
};
extern const struct target targets[];
extern const size_t target_count;
/* Some address in or around a target, or anywhere; never of the attacker's own RAM. */
uint64_t target_any(uint64_t *random);

/* Memory that attacks may scribble on: 64 KiB. */
#define SCRATCH_SIZE 0x10000u
extern uint8_t scratch[SCRATCH_SIZE];

/* The GIC as after a start, enabled for group 1 and 0, and nothing but what is opened: that in
 * group 1, to CPU 0. */
void gic_on(void);
void gic_open(uint32_t intid);

/* Fills registers or memory with pointers to what is not the attacker's. */
void fill_with_pointers(uint64_t *random, uint64_t *words, size_t count);

#endif
