/* SPDX-License-Identifier: Apache-2.0 */
#include <devices.h>

#include "vdev/alarm.h"
#include "vdev/lock.h"
#include "vdev/vcpu.h"
#include "vdev/vgic.h"

/*
 * A countdown with an interrupt: the worked example of docs/custom-device.md.  32-bit registers:
 *   0x00 RO   ID       0x434e5444 ("CNTD")
 *   0x04 RW   LOAD     starts to count down from here, `hz` a second; 0 stops
 *   0x08 RO   VALUE    what is left
 *   0x0c RW1C STATUS   bit 0: zero was reached
 *   0x10 RW   SCRATCH  holds what is written
 * Reaching zero pends its (edge) interrupt.  When its VM starts all registers are zero.
 */
#define REG_ID 0x00u
#define REG_LOAD 0x04u
#define REG_VALUE 0x08u
#define REG_STATUS 0x0cu
#define REG_SCRATCH 0x10u

#define COUNTDOWN_ID 0x434e5444u
#define STATUS_ZERO 1u

struct countdown_state {
    uint32_t load;
    uint32_t status;
    uint32_t scratch;
    bool running;
    uint64_t zero; /* ticks at which it reaches zero, while running */
};

/* The state is guarded by the lock where the VM has several vCPUs. */
struct countdown {
    struct lock lock;
    struct countdown_state state;
};

static struct countdown countdowns[COUNT_AT_LEAST_ONE(COUNTDOWN_COUNT)];

static struct countdown_state *countdown_lock(uint32_t instance)
{
    if (vcpu_count_of(&vm_rows[countdown_rows[instance].vm]) > 1) {
        lock_take(&countdowns[instance].lock);
    }
    return &countdowns[instance].state;
}

static void countdown_unlock(uint32_t instance)
{
    if (vcpu_count_of(&vm_rows[countdown_rows[instance].vm]) > 1) {
        lock_drop(&countdowns[instance].lock);
    }
}

/* --- State: lock held --- */

/* Zero may have been reached since somebody last looked. */
static void look_at_time(struct countdown_state *state, uint32_t instance, uint64_t now)
{
    const struct countdown_row *row = &countdown_rows[instance];

    if (state->running && now >= state->zero) {
        state->running = false;
        state->status |= STATUS_ZERO;
        if (row->intid != 0) {
            vgic_post(row->vm, row->intid);
        }
    }
}

/* Rounded up: what is not over yet is at least 1.  No product reaches 2^64: VALUE has 32 bits, both
 * rates at most 30. */
static uint32_t value_left(const struct countdown_state *state, uint64_t hz, uint64_t now)
{
    uint64_t rate = arch_time_hz();

    return state->running ? (uint32_t)(((state->zero - now) * hz + rate - 1) / rate) : 0;
}

static void start(struct countdown_state *state, uint64_t hz, uint64_t now, uint32_t load)
{
    state->load = load;
    state->running = load != 0;
    if (state->running) {
        state->zero = now + (load * arch_time_hz() + hz - 1) / hz;
        alarm_ask(state->zero);
    }
}

static uint32_t register_read(const struct countdown_state *state, uint64_t hz, uint64_t now,
                              uint64_t offset)
{
    switch (offset) {
    case REG_ID:
        return COUNTDOWN_ID;
    case REG_LOAD:
        return state->load;
    case REG_VALUE:
        return value_left(state, hz, now);
    case REG_STATUS:
        return state->status;
    case REG_SCRATCH:
        return state->scratch;
    default:
        return 0;
    }
}

static void register_write(struct countdown_state *state, uint64_t hz, uint64_t now,
                           uint64_t offset, uint32_t value)
{
    if (offset == REG_LOAD) {
        start(state, hz, now, value);
    } else if (offset == REG_STATUS) {
        state->status &= ~value;
    } else if (offset == REG_SCRATCH) {
        state->scratch = value;
    }
}

/* --- Access --- */

static uint64_t countdown_read(struct vcpu *vcpu, uint32_t instance, uint64_t offset, unsigned size)
{
    (void)vcpu;
    (void)size;
    struct countdown_state *state = countdown_lock(instance);
    uint64_t now = arch_time_now();

    look_at_time(state, instance, now);
    uint32_t value = register_read(state, countdown_rows[instance].hz, now, offset);
    countdown_unlock(instance);
    return value;
}

static void countdown_write(struct vcpu *vcpu, uint32_t instance, uint64_t offset, unsigned size,
                            uint64_t value)
{
    (void)vcpu;
    (void)size;
    struct countdown_state *state = countdown_lock(instance);
    uint64_t now = arch_time_now();

    look_at_time(state, instance, now);
    register_write(state, countdown_rows[instance].hz, now, offset, (uint32_t)value);
    countdown_unlock(instance);
}

static void countdown_reset(uint32_t instance)
{
    struct countdown_state *state = countdown_lock(instance);

    *state = (struct countdown_state){ 0 };
    countdown_unlock(instance);
}

static void countdown_alarm(struct vcpu *vcpu, uint32_t instance)
{
    (void)vcpu;
    struct countdown_state *state = countdown_lock(instance);

    look_at_time(state, instance, arch_time_now());
    if (state->running) {
        alarm_ask(state->zero);
    }
    countdown_unlock(instance);
}

const struct vdev_ops countdown_ops = {
    .name = "countdown",
    .sizes = VDEV_SIZE_4,
    .read = countdown_read,
    .write = countdown_write,
    .reset = countdown_reset,
    .alarm = countdown_alarm,
};
