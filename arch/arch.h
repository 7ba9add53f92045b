/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ARCH_ARCH_H
#define ARCH_ARCH_H

/*
 * The only door to an architecture: arch/aarch64 and arch/fake (host model for unit tests)
 * implement it.  "Own CPU" means: acts on the physical CPU that calls.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arch/exit.h"
#include "gen/rows.h"
#include <arch_vcpu.h> /* struct arch_vcpu and the inline accessors arch_reg_get/arch_reg_set */

/* --- vCPU: own CPU, between arch_vcpu_reset and the end of the run --- */

/* Puts the registers of own CPU and `vcpu` into the state of a reset vCPU of `vm` that starts at
 * `entry` with `arg` in its first argument register.  Its counter reads 0 at `counter_base` ticks
 * of the board's. */
void arch_vcpu_reset(struct arch_vcpu *vcpu, const struct vm_row *vm, const struct vcpu_row *row,
                     uint64_t entry, uint64_t arg, uint64_t counter_base);
/* Runs the guest until it exits; fills *exit. */
void arch_vcpu_enter(struct arch_vcpu *vcpu, struct exit *exit);
/* Behind the last exit of a run: what its guest caused and has not shown yet is told as its own.
 * From here to the next exit an error of the hardware that belongs to no instruction is the
 * hypervisor's, which panics; within exits it waits for the guest to go on, and is the guest's. */
void arch_vcpu_leave(const struct vm_row *vm);
/* Finishes EXIT_MMIO/EXIT_SYSREG/EXIT_PORT: a read's value goes to the register (extended as the
 * exit says; IN keeps the rest of RAX but zero-extends EAX; ignored for writes), and the guest
 * continues behind the instruction.  INS/OUTS: `value` elements are done; index and count registers
 * follow, and the guest continues behind the instruction when none is left. */
void arch_vcpu_complete(struct arch_vcpu *vcpu, const struct exit *exit, uint64_t value);
/* Makes the guest take an undefined-instruction exception / an external abort / an SError, as the
 * architecture defines, at the instruction that exited. */
enum arch_fault { ARCH_FAULT_UNDEF, ARCH_FAULT_ABORT, ARCH_FAULT_SERROR };
void arch_vcpu_inject(struct arch_vcpu *vcpu, const struct exit *exit, enum arch_fault fault);
/* Own CPU, from an exit to its completion: the guest's program counter. */
uint64_t arch_vcpu_pc(const struct arch_vcpu *vcpu);
/* Writes the vCPU's registers to the log, in words. */
void arch_vcpu_dump(const struct arch_vcpu *vcpu);

/* Own CPU: a CPU identification register as `vm` may see it at most (fields that depend on the VM,
 * such as PARange, adjusted); 0 for one that this architecture does not know. */
uint64_t arch_id_get(const struct vm_row *vm, uint32_t encoding);

/* --- Physical interrupts --- */

#define ARCH_IRQ_SPURIOUS 1023u
#define ARCH_IRQ_IPI 0u /* the hypervisor's own inter-processor interrupt (an SGI) */

void arch_irq_board_init(void); /* boot CPU, once: distributor to a quiet known state */
void arch_irq_cpu_init(void);   /* own CPU: redistributor, CPU interface, list registers */
/* Acknowledges the most urgent pending interrupt: its INTID or ARCH_IRQ_SPURIOUS. */
uint32_t arch_irq_ack(void);
void arch_irq_drop(uint32_t intid);       /* priority drop; stays active */
void arch_irq_deactivate(uint32_t intid); /* after drop, where no list register does it */
/* Acts on 32 interrupts at once: bit n of mask is INTID 32 * word + n; word 0 is own CPU's
 * (SGI and PPI).  Any CPU. */
void arch_irq_enable(uint32_t word, uint32_t mask);
void arch_irq_disable(uint32_t word, uint32_t mask);
void arch_irq_pend(uint32_t word, uint32_t mask);
void arch_irq_unpend(uint32_t word, uint32_t mask);
uint32_t arch_irq_pending(uint32_t word);
void arch_irq_configure(uint32_t intid, bool edge);
/* SPI only: routed to exactly this pCPU. */
void arch_irq_route(uint32_t intid, uint32_t pcpu);
void arch_ipi_send(uint32_t pcpu);

/* --- The virtual CPU interface of own CPU (GICv3 11.2; list registers in GICv3 format) --- */

uint32_t arch_lr_count(void);
uint64_t arch_lr_get(uint32_t lr);
void arch_lr_set(uint32_t lr, uint64_t value);
uint32_t arch_lr_empty(void); /* bitmap of list registers that hold nothing (ICH_ELRSR) */
/* Deactivations by the guest of interrupts in no list register since the last call
 * (ICH_HCR.EOIcount); reading clears. */
uint32_t arch_lr_eoi_count(void);
/* Which conditions raise the maintenance interrupt; UIE etc. as in ICH_HCR_EL2. */
#define ARCH_LR_WHEN_UNDERFLOW (1u << 1)  /* UIE: at most one valid */
#define ARCH_LR_WHEN_ABSENT (1u << 2)     /* LRENPIE: EOI of an interrupt in no list register */
#define ARCH_LR_WHEN_NO_PENDING (1u << 3) /* NPIE: none pending */
#define ARCH_LR_TRAP_DIR (1u << 14)       /* TDIR: ICC_DIR_EL1 traps */
void arch_lr_control(uint32_t when);
void arch_lr_off(void);   /* no interface at all: every access of the guest to it traps */
void arch_lr_reset(void); /* all list registers, active priorities and VMCR to reset values */

/* --- CPUs, board --- */

/* Boot CPU: firmware starts that CPU, which arrives in boot_secondary().  False: refused. */
bool arch_cpu_start(uint32_t pcpu);
/* Own CPU: NULL, or in words why it can't run the planned VMs (address sizes, GIC interface). */
const char *arch_cpu_check(void);
/* Own CPU, of the board that was planned, before a guest runs there: no guest's traces in branch
 * prediction shall reach the hypervisor.  With CONFIG_ARCH_SPECULATION alone, as the next one. */
void arch_cpu_harden(void);
/* Own CPU: what SMCCC_ARCH_FEATURES tells of ARCH_WORKAROUND_<number>, 1 to 3. */
int32_t arch_workaround(uint32_t number);
uint32_t arch_cpu_index(void); /* own CPU: index into pcpu_rows */
void arch_cpu_wait(void);      /* sleeps until an interrupt is pending (WFI) */
void arch_cpu_relax(void);     /* in a spin loop: yields, or waits for arch_cpu_wake (WFE) */
/* And arch_cpu_wake() of <arch_vcpu.h>: SEV, after the store that others spin on. */
_Noreturn void arch_board_off(void);
_Noreturn void arch_board_reset(void);
/* Own CPU: a call of the board's firmware, for mediators, which have checked it.  The first four
 * registers of its calling convention, which become its results. */
void arch_firmware_call(uint64_t registers[4]);

/* --- Time: the system counter --- */

uint64_t arch_time_now(void); /* ticks */
uint64_t arch_time_hz(void);
/* Own CPU: raises the hypervisor timer's interrupt (ARCH_IRQ_TIMER) at `deadline` ticks;
 * UINT64_MAX: never. */
void arch_time_alarm(uint64_t deadline);

/* Own CPU: the guest's physical timer, where its VM has a counter of its own (Arm ARM D11.2;
 * compare in the board's ticks; control: ENABLE[0], IMASK[1], ISTATUS[2]). */
uint64_t arch_guest_timer_control(void);
void arch_guest_timer_set_control(uint64_t control);
void arch_guest_timer_set_compare(uint64_t ticks);

/* --- Memory; guest RAM is mapped only between select(LOADER) and select(RUN) --- */

enum arch_map { ARCH_MAP_RUN, ARCH_MAP_LOADER };
void arch_map_select(enum arch_map map);       /* own CPU */
void arch_mem_zero(hpa_t base, uint64_t size); /* then cleaned to the point of coherency */
void arch_mem_copy(hpa_t target, hpa_t source, uint64_t size); /* likewise */
/* Cleans and invalidates to the point of coherency: what others wrote behind the caches shows. */
void arch_mem_flush(hpa_t base, uint64_t size);
/* Only where the board's CPUs have instructions for it (CONFIG_ARCH_SHA256, CONFIG_ARCH_CRC32); see
 * loader/digest.h. */
void arch_sha256_blocks(uint32_t state[8], const uint8_t *data, uint64_t block_count);
uint32_t arch_crc32(uint32_t crc, const uint8_t *data, uint64_t size);
/* Is all of [base, base + size) memory, not registers, that own CPU's current tables map? */
bool arch_mem_readable(hpa_t base, uint64_t size);
void arch_vm_flush(const struct vm_row *vm); /* stage-2 TLB entries of this VMID, I-cache */

#endif
