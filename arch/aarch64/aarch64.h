/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AARCH64_AARCH64_H
#define AARCH64_AARCH64_H

/* What the files of this architecture share; nothing outside arch/aarch64 includes it. */

#include <stdbool.h>
#include <stdint.h>

#include "arch/exit.h"
#include "gen/types.h"
#include <arch_vcpu.h>

/* How a guest came back from aarch64_enter() (world.S). */
enum aarch64_vector {
    AARCH64_VECTOR_SYNC,
    AARCH64_VECTOR_IRQ,
    AARCH64_VECTOR_FIQ,
    AARCH64_VECTOR_SERROR,
};
uint32_t aarch64_enter(struct arch_vcpu *vcpu);

/* VBAR_EL2 of CPUs that need it (speculation.S). */
extern char aarch64_hardened_vectors[];

/* Own CPU (world.S): SErrors come, and are ours; ESR_EL2 of one that was pending, else 0. */
uint64_t aarch64_serror_unmask(void);

/* Where the search for the row of an access ends (fast.S). */
extern char aarch64_fast_searched[];

/* Entry points that head.S calls. */
_Noreturn void aarch64_boot(uint64_t dtb);
_Noreturn void aarch64_secondary(uint64_t pcpu);
_Noreturn void aarch64_wrong_level(uint64_t level);
/* EL2 took an exception itself (world.S): a bug of ours. */
_Noreturn void aarch64_own_exception(uint64_t kind, uint64_t stack_pointer, const uint64_t x[31]);

/* Own CPU: every EL2 register that resets UNKNOWN, to the values under which guests run. */
void aarch64_el2_init(void);
/* Own CPU: lets the guest reach PMU, debug registers, SVE as ARCH_FEATURE_* say; else they trap. */
void aarch64_grant(uint32_t features);

/* Own CPU: the guest continues behind the instruction that exited, as if it had executed it. */
void aarch64_skip_instruction(void);
/* Own CPU: `value`, of `size` bytes, as it is in memory for a guest whose data is big-endian now.
 */
uint64_t aarch64_guest_endian(uint64_t value, unsigned size);

/* Own CPU: do the common registers of the virtual CPU interface trap (gic3_lr.c)?  If so, an
 * EXIT_SYSREG may be one that the guest owns (gic3_icv.c): true: it is done. */
bool aarch64_icv_traps(void);
bool aarch64_icv_access(struct arch_vcpu *vcpu, const struct exit *exit);

/* General registers, to the log. */
void aarch64_log_registers(const uint64_t x[31]);
/* What an ESR_ELx exception class means, in words. */
const char *aarch64_ec_words(uint32_t ec);

/* Where the search for an own row ends (spin_table.S). */
extern const struct pcpu_row *const aarch64_pcpu_rows_end;

/* Firmware call by SMC (SMCCC, DEN 0028). */
uint64_t aarch64_smc(uint64_t function, uint64_t arg1, uint64_t arg2, uint64_t arg3);

#endif
