/* SPDX-License-Identifier: Apache-2.0 */
#include "arch/fake/internal.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CALLS_MAX 4096u

struct call {
    _Atomic uint32_t kind; /* enum fake_call_kind + 1, 0: not yet written */
    _Atomic uint64_t a;
    _Atomic uint64_t b;
};

struct fake_cpu fake_cpus[PCPU_COUNT];
_Atomic uint64_t fake_time;
struct fake_guest_timer fake_guest_timer;

static _Thread_local uint32_t own_cpu;
static _Thread_local fake_guest_fn own_guest;
static struct call calls[CALLS_MAX];
static _Atomic uint32_t call_count;

void fake_reset(void)
{
    memset(fake_cpus, 0, sizeof(fake_cpus));
    for (uint32_t i = 0; i < PCPU_COUNT; i++) {
        fake_cpus[i].priority_mask = 0xff;
        fake_cpus[i].group_enabled[0] = true;
        fake_cpus[i].group_enabled[1] = true;
        fake_cpus[i].alarm = UINT64_MAX;
    }
    fake_lr_count = 4;
    own_cpu = 0;
    own_guest = NULL;
    atomic_store(&fake_time, 0);
    fake_irq_reset();
    fake_calls_clear();
}

void fake_cpu_select(uint32_t pcpu)
{
    own_cpu = pcpu;
}

struct fake_cpu *fake_self(void)
{
    return &fake_cpus[own_cpu];
}

void fake_record(enum fake_call_kind kind, uint64_t a, uint64_t b)
{
    struct call *call = &calls[atomic_fetch_add(&call_count, 1) % CALLS_MAX];

    atomic_store(&call->a, a);
    atomic_store(&call->b, b);
    atomic_store(&call->kind, (uint32_t)kind + 1);
}

static uint32_t calls_kept(void)
{
    uint32_t count = atomic_load(&call_count);

    return count < CALLS_MAX ? count : CALLS_MAX;
}

uint32_t fake_calls(enum fake_call_kind kind)
{
    uint32_t found = 0;

    for (uint32_t i = 0; i < calls_kept(); i++) {
        found += atomic_load(&calls[i].kind) == (uint32_t)kind + 1;
    }
    return found;
}

bool fake_called(enum fake_call_kind kind, uint64_t a, uint64_t b)
{
    for (uint32_t i = 0; i < calls_kept(); i++) {
        if (atomic_load(&calls[i].kind) == (uint32_t)kind + 1 && atomic_load(&calls[i].a) == a &&
            atomic_load(&calls[i].b) == b) {
            return true;
        }
    }
    return false;
}

void fake_calls_clear(void)
{
    for (uint32_t i = 0; i < CALLS_MAX; i++) {
        atomic_store(&calls[i].kind, 0);
    }
    atomic_store(&call_count, 0);
}

void fake_guest_set(fake_guest_fn guest)
{
    own_guest = guest;
}

void arch_vcpu_reset(struct arch_vcpu *vcpu, const struct vm_row *vm, const struct vcpu_row *row,
                     uint64_t entry, uint64_t arg, uint64_t counter_base)
{
    (void)counter_base;
    (void)vm;
    (void)row;
    memset(vcpu, 0, sizeof(*vcpu));
    vcpu->pc = entry;
    vcpu->x[0] = arg;
    fake_record(FAKE_CALL_VCPU_RESET, entry, arg);
}

void arch_vcpu_enter(struct arch_vcpu *vcpu, struct exit *exit)
{
    if (own_guest != NULL) {
        own_guest(vcpu, exit);
        return;
    }
    exit->kind = EXIT_CRASH;
    exit->fault = (struct exit_fault){ .words = "the test has no guest" };
}

void arch_vcpu_leave(const struct vm_row *vm)
{
    (void)vm;
}

/* As the instruction would see it: masked to the width, then extended. */
static uint64_t extended(const struct exit_access *access, uint64_t value)
{
    unsigned unused = 64 - 8u * access->size;

    value <<= unused;
    value = access->sign ? (uint64_t)((int64_t)value >> unused) : value >> unused;
    return access->reg64 ? value : (uint32_t)value;
}

/* IN: AL and AX keep the rest of the accumulator, EAX clears it (Intel SDM volume 1, 3.4.1.1). */
static void port_complete(struct arch_vcpu *vcpu, const struct exit_port *port, uint64_t value)
{
    uint64_t *accumulator = &vcpu->x[FAKE_ACCUMULATOR];
    uint64_t kept = port->size >= 4 ? 0 : UINT64_MAX << (8u * port->size);

    if (!port->write) {
        *accumulator = (*accumulator & kept) | (value & ~kept);
    }
    vcpu->pc += 4;
}

/* INS, OUTS, here always with REP: `done` elements fewer, and again while some are left. */
static void string_complete(struct arch_vcpu *vcpu, const struct exit_port *port, uint64_t done)
{
    uint64_t bytes = done * port->size;

    vcpu->x[FAKE_INDEX] += port->down ? -bytes : bytes;
    vcpu->x[FAKE_COUNT] -= done;
    vcpu->pc += vcpu->x[FAKE_COUNT] == 0 ? 4 : 0;
}

void arch_vcpu_complete(struct arch_vcpu *vcpu, const struct exit *exit, uint64_t value)
{
    fake_record(FAKE_CALL_COMPLETE, value, 0);
    if (exit->kind == EXIT_PORT) {
        (exit->port.count == 0 ? port_complete : string_complete)(vcpu, &exit->port, value);
        return;
    }
    if (exit->kind == EXIT_MMIO && !exit->access.write) {
        arch_reg_set(vcpu, exit->access.reg, extended(&exit->access, value));
    } else if (exit->kind == EXIT_SYSREG && !exit->sysreg.write) {
        arch_reg_set(vcpu, exit->sysreg.reg, value);
    }
    vcpu->pc += 4;
}

void arch_vcpu_inject(struct arch_vcpu *vcpu, const struct exit *exit, enum arch_fault fault)
{
    (void)vcpu;
    (void)exit;
    fake_record(FAKE_CALL_INJECT, fault, 0);
}

uint64_t arch_vcpu_pc(const struct arch_vcpu *vcpu)
{
    return vcpu->pc;
}

void arch_vcpu_dump(const struct arch_vcpu *vcpu)
{
    fprintf(stderr, "vcpu: pc %#llx\n", (unsigned long long)vcpu->pc);
}

uint64_t arch_id_get(const struct vm_row *vm, uint32_t encoding)
{
    (void)vm;
    return UINT64_C(0x1111111111111111) * (encoding & 0xf);
}

bool arch_cpu_start(uint32_t pcpu)
{
    fake_record(FAKE_CALL_CPU_START, pcpu, 0);
    return true;
}

const char *arch_cpu_check(void)
{
    return NULL;
}

void arch_cpu_harden(void)
{
}

int32_t fake_workarounds[3];

int32_t arch_workaround(uint32_t number)
{
    return fake_workarounds[number - 1];
}

uint32_t arch_cpu_index(void)
{
    return own_cpu;
}

static fake_wait_fn waiting;

void fake_wait_set(fake_wait_fn wait)
{
    waiting = wait;
}

void arch_cpu_wait(void)
{
    fake_record(FAKE_CALL_CPU_WAIT, 0, 0);
    arch_cpu_relax();
}

void arch_cpu_relax(void)
{
    if (waiting != NULL) {
        waiting();
    } else {
        sched_yield();
    }
}

void arch_cpu_wake(void)
{
}

static fake_firmware_fn firmware;

void fake_firmware_set(fake_firmware_fn chosen)
{
    firmware = chosen;
}

void arch_firmware_call(uint64_t registers[4])
{
    if (firmware != NULL) {
        firmware(registers);
    }
}

_Noreturn void arch_board_off(void)
{
    fprintf(stderr, "board off\n");
    exit(FAKE_EXIT_BOARD_OFF);
}

_Noreturn void arch_board_reset(void)
{
    fprintf(stderr, "board reset\n");
    exit(FAKE_EXIT_BOARD_RESET);
}

uint64_t arch_time_now(void)
{
    return atomic_load(&fake_time);
}

uint64_t arch_time_hz(void)
{
    return 1000000;
}

uint64_t arch_guest_timer_control(void)
{
    return fake_guest_timer.control;
}

void arch_guest_timer_set_control(uint64_t control)
{
    fake_guest_timer.control = control;
}

void arch_guest_timer_set_compare(uint64_t ticks)
{
    fake_guest_timer.compare = ticks;
}

void arch_time_alarm(uint64_t deadline)
{
    fake_self()->alarm = deadline;
}
