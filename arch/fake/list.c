/* SPDX-License-Identifier: Apache-2.0 */
#include "arch/fake/internal.h"

#include <string.h>

/*
 * The virtual CPU interface (IHI 0069 chapters 4 and 6): list registers, active priorities of five
 * bits (so every priority is its own preemption level), and the maintenance conditions of
 * ICH_MISR_EL2.
 */

#define LR_PENDING (UINT64_C(1) << 62)
#define LR_ACTIVE (UINT64_C(1) << 63)
#define LR_HW (UINT64_C(1) << 61)
#define LR_GROUP (UINT64_C(1) << 60)
#define LR_EOI (UINT64_C(1) << 41)
#define LR_STATE (LR_PENDING | LR_ACTIVE)
#define IDLE_PRIORITY 0xffu

uint32_t fake_lr_count = 4;

static uint32_t priority_of(uint64_t lr)
{
    return (uint32_t)(lr >> 48) & 0xff;
}

static uint32_t group_of(uint64_t lr)
{
    return (lr & LR_GROUP) != 0 ? 1 : 0;
}

uint32_t fake_guest_running(void)
{
    const struct fake_cpu *self = fake_self();
    uint32_t active = self->active_priorities[0] | self->active_priorities[1];

    return active == 0 ? IDLE_PRIORITY : 8 * (uint32_t)__builtin_ctz(active);
}

/* The highest priority pending interrupt that may be signalled, or -1. */
static int signalled(void)
{
    const struct fake_cpu *self = fake_self();
    uint32_t best = IDLE_PRIORITY + 1;
    int found = -1;

    for (uint32_t i = 0; i < fake_lr_count; i++) {
        uint64_t lr = self->lr[i];

        if ((lr & LR_STATE) == LR_PENDING && self->group_enabled[group_of(lr)] &&
            priority_of(lr) < best) {
            best = priority_of(lr);
            found = (int)i;
        }
    }
    return best < self->priority_mask && best < fake_guest_running() ? found : -1;
}

bool fake_guest_irq(void)
{
    return signalled() >= 0;
}

static uint32_t acknowledge(uint32_t group)
{
    struct fake_cpu *self = fake_self();
    int found = signalled();

    if (found < 0 || group_of(self->lr[found]) != group) {
        return ARCH_IRQ_SPURIOUS;
    }
    self->lr[found] ^= LR_STATE;
    self->active_priorities[group] |= 1u << (priority_of(self->lr[found]) / 8);
    return (uint32_t)self->lr[found];
}

uint32_t fake_guest_iar(void)
{
    return acknowledge(1);
}

uint32_t fake_guest_iar0(void)
{
    return acknowledge(0);
}

/* Takes the active state off the list register that has `intid`; false: none has. */
static bool deactivate(uint32_t intid)
{
    struct fake_cpu *self = fake_self();

    for (uint32_t i = 0; i < fake_lr_count; i++) {
        uint64_t *lr = &self->lr[i];

        if ((uint32_t)*lr == intid && (*lr & LR_ACTIVE) != 0) {
            *lr &= ~LR_ACTIVE;
            if ((*lr & LR_HW) != 0) {
                fake_irq_finish((uint32_t)(*lr >> 32) & 0x1fff);
            }
            return true;
        }
    }
    return false;
}

static void end(uint32_t group, uint32_t intid)
{
    struct fake_cpu *self = fake_self();
    uint32_t active = self->active_priorities[group];

    self->active_priorities[group] &= active - 1;
    if (active != 0 && !self->eoi_mode && !deactivate(intid)) {
        self->eoi_count++;
    }
}

void fake_guest_eoi(uint32_t intid)
{
    end(1, intid);
}

void fake_guest_eoi0(uint32_t intid)
{
    end(0, intid);
}

bool fake_guest_dir(uint32_t intid)
{
    struct fake_cpu *self = fake_self();

    if ((self->lr_control & ARCH_LR_TRAP_DIR) != 0) {
        return false;
    }
    if (self->eoi_mode && !deactivate(intid)) {
        self->eoi_count++;
    }
    return true;
}

bool fake_maintenance(void)
{
    const struct fake_cpu *self = fake_self();
    uint32_t valid = 0;
    uint32_t pending = 0;

    for (uint32_t i = 0; i < fake_lr_count; i++) {
        uint64_t state = self->lr[i] & LR_STATE;

        valid += state != 0;
        pending += state == LR_PENDING;
        if (state == 0 && (self->lr[i] & (LR_HW | LR_EOI)) == LR_EOI) {
            return true;
        }
    }
    return ((self->lr_control & ARCH_LR_WHEN_UNDERFLOW) != 0 && valid <= 1) ||
           ((self->lr_control & ARCH_LR_WHEN_ABSENT) != 0 && self->eoi_count != 0) ||
           ((self->lr_control & ARCH_LR_WHEN_NO_PENDING) != 0 && pending == 0);
}

uint32_t arch_lr_count(void)
{
    return fake_lr_count;
}

uint64_t arch_lr_get(uint32_t lr)
{
    return fake_self()->lr[lr];
}

void arch_lr_set(uint32_t lr, uint64_t value)
{
    fake_self()->lr[lr] = value;
    fake_record(FAKE_CALL_LR_SET, lr, (uint32_t)value);
}

uint32_t arch_lr_empty(void)
{
    uint32_t empty = 0;

    for (uint32_t i = 0; i < fake_lr_count; i++) {
        uint64_t lr = fake_self()->lr[i];

        if ((lr & LR_STATE) == 0 && (lr & (LR_HW | LR_EOI)) != LR_EOI) {
            empty |= 1u << i;
        }
    }
    return empty;
}

uint32_t arch_lr_eoi_count(void)
{
    uint32_t count = fake_self()->eoi_count;

    fake_self()->eoi_count = 0;
    return count;
}

void arch_lr_control(uint32_t when)
{
    fake_self()->lr_control = when;
}

void arch_lr_off(void)
{
    fake_record(FAKE_CALL_LR_OFF, arch_cpu_index(), 0);
}

void arch_lr_reset(void)
{
    struct fake_cpu *self = fake_self();

    memset(self->lr, 0, sizeof(self->lr));
    self->lr_control = 0;
    self->eoi_count = 0;
    self->active_priorities[0] = 0;
    self->active_priorities[1] = 0;
}
