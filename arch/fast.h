/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ARCH_FAST_H
#define ARCH_FAST_H

/*
 * The short ways (Kconfig FAST_PATHS): what a guest asks for often and can be answered in a few
 * instructions is answered in the exception itself, without a struct exit and with only those
 * registers saved that ARCH_FAST_CALL functions may change.  Whatever is not that simple is
 * declined, and goes the way of arch_vcpu_enter() as if nothing had been tried: who declines has
 * changed nothing.  Both ways give the guest the same (tests/guests/random).
 *
 * A short way must not end the run, ask own vCPU for anything, write to the log or wait; it runs on
 * own CPU's stack, and the general registers of struct arch_vcpu are not there.
 */

#include <stdbool.h>
#include <stdint.h>

#include <arch_vcpu.h> /* ARCH_FAST_CALL: the calling convention of these functions */

struct mmio_row;
struct vcpu;
struct vm_row;

/* How wide an access is: log2 of its bytes, times two; odd where a read shall be sign-extended,
 * which is declined. */
enum fast_width { FAST_1 = 0, FAST_2 = 2, FAST_4 = 4, FAST_8 = 6 };
/* Bitmap of accesses that a device's short way takes: bit 8 * width + address % 8. */
#define FAST_TAKES_1 (UINT64_C(0xff) << (8 * FAST_1))
#define FAST_TAKES_2 (UINT64_C(0x55) << (8 * FAST_2))
#define FAST_TAKES_4 (UINT64_C(0x11) << (8 * FAST_4))
#define FAST_TAKES_8 (UINT64_C(0x01) << (8 * FAST_8))

/* A device's answer to a read (vdev/vdev.h): the value, which fits the width; negative: declined.
 */
typedef ARCH_FAST_CALL int64_t fast_read_fn(struct vcpu *vcpu, const struct mmio_row *row,
                                            uint64_t offset, uint32_t width);
/* A device's answer to a write; false: declined.  Of narrower writes `value` has more bits. */
typedef ARCH_FAST_CALL bool fast_write_fn(struct vcpu *vcpu, const struct mmio_row *row,
                                          uint64_t offset, uint32_t width, uint64_t value);

/* --- What vdev answers; called by the architecture --- */

/* `row`: the vCPU's row in which `offset` begins. */
ARCH_FAST_CALL int64_t fast_mmio_read(struct vcpu *vcpu, const struct mmio_row *row,
                                      uint64_t offset, uint32_t width);
ARCH_FAST_CALL bool fast_mmio_write(struct vcpu *vcpu, const struct mmio_row *row, uint64_t offset,
                                    uint32_t width, uint64_t value);
/* A call with immediate 0: its answer, where that is all it does. */
#define FAST_CALL_DECLINED INT64_MIN
ARCH_FAST_CALL int64_t fast_call(struct vcpu *vcpu, uint32_t function, uint64_t arg);

/* An SGI of the guest, by ICC_SGI1R_EL1 (GICv3); false: declined. */
ARCH_FAST_CALL bool fast_sgi(struct vcpu *vcpu, uint64_t sgi1r);
/* A physical interrupt: acknowledges it, and gives it to the guest.  Else its INTID, which is what
 * arch_irq_ack() acknowledges next. */
#define FAST_IRQ_DONE UINT32_MAX
ARCH_FAST_CALL uint32_t fast_irq(struct vcpu *vcpu);

/* --- What the architecture does for vdev --- */

/* Before a vCPU of `vm` first runs: whether it takes short ways to emulated devices, and a call
 * that gets the same answer at any time. */
void arch_fast_init(struct arch_vcpu *vcpu, const struct vm_row *vm, bool devices, uint32_t call,
                    uint64_t answer);

#endif
