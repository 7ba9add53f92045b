/* SPDX-License-Identifier: Apache-2.0 */
#include "vdev/watchdog.h"

#include "platform/log.h"
#include "vdev/alarm.h"
#include "vdev/lock.h"
#include "vdev/vgic.h"
#include "vdev/vm.h"

#define REG_WCS 0x000u
#define REG_WOR 0x008u
#define REG_WOR_HIGH 0x00cu
#define REG_WCV 0x010u
#define REG_WCV_HIGH 0x014u
#define REG_WRR 0x000u
#define REG_IIDR 0xfccu

#define WCS_EN 1u
#define WCS_WS0 2u
#define WCS_WS1 4u
#define WOR_HIGH_MASK 0xffffu
#define IIDR 0x1043bu /* architecture version 1, implementer Arm, like the GIC's */

struct watchdog_state {
    bool enabled;
    bool ws0;
    bool ws1;
    bool bitten;      /* this run of the VM is over */
    uint64_t offset;  /* WOR, ticks */
    uint64_t compare; /* ticks of the board */
};

/* The state is guarded by the lock where the VM has several vCPUs. */
struct watchdog {
    struct lock lock;
    struct watchdog_state state;
};

static struct watchdog watchdogs[COUNT_AT_LEAST_ONE(WATCHDOG_COUNT)];

static struct watchdog_state *watchdog_lock(uint32_t instance)
{
    if (vcpu_count_of(&vm_rows[watchdog_rows[instance].vm]) > 1) {
        lock_take(&watchdogs[instance].lock);
    }
    return &watchdogs[instance].state;
}

static void watchdog_unlock(uint32_t instance)
{
    if (vcpu_count_of(&vm_rows[watchdog_rows[instance].vm]) > 1) {
        lock_drop(&watchdogs[instance].lock);
    }
}

/* --- State: lock held --- */

static void refresh(struct watchdog_state *state, uint64_t now)
{
    state->ws0 = false;
    state->ws1 = false;
    state->compare = now + state->offset;
}

static void bark(const struct watchdog_row *row)
{
    if (row->intid != 0) {
        vgic_post(row->vm, row->intid);
    }
}

/* The VM ends, and with it this watch. */
static void bite(struct watchdog_state *state, const struct watchdog_row *row)
{
    state->enabled = false;
    state->bitten = true;
    log_error("%s: crashed: its watchdog was not refreshed", vm_rows[row->vm].name);
    vm_order_give(row->vm, VM_ORDER_CRASH);
}

/* A timeout may have come since somebody last looked. */
static void look_at_time(struct watchdog_state *state, const struct watchdog_row *row, uint64_t now)
{
    if (!state->enabled || now <= state->compare) {
        return;
    }
    if (!state->ws0) {
        state->ws0 = true;
        state->compare = now + state->offset;
        bark(row);
    } else {
        state->ws1 = true;
        bite(state, row);
    }
}

/* An earlier alarm that is still set comes first, and is followed by this one. */
static void ask(const struct watchdog_state *state)
{
    if (state->enabled && state->compare != UINT64_MAX) {
        alarm_ask(state->compare + 1);
    }
}

static uint32_t control_status(const struct watchdog_state *state)
{
    return (state->enabled ? WCS_EN : 0) | (state->ws0 ? WCS_WS0 : 0) | (state->ws1 ? WCS_WS1 : 0);
}

static uint64_t with_low(uint64_t old, uint32_t low)
{
    return (old & ~(uint64_t)UINT32_MAX) | low;
}

static uint64_t with_high(uint64_t old, uint32_t high)
{
    return (uint32_t)old | (uint64_t)high << 32;
}

/* `base`: what the VM's counter is behind the board's. */
static void control_write(struct watchdog_state *state, uint64_t offset, uint32_t value,
                          uint64_t now, uint64_t base)
{
    switch (offset) {
    case REG_WCS:
        state->enabled = (value & WCS_EN) != 0;
        refresh(state, now);
        break;
    case REG_WOR:
        state->offset = with_low(state->offset, value);
        refresh(state, now);
        break;
    case REG_WOR_HIGH:
        state->offset = with_high(state->offset, value & WOR_HIGH_MASK);
        refresh(state, now);
        break;
    case REG_WCV:
        state->compare = with_low(state->compare - base, value) + base;
        break;
    case REG_WCV_HIGH:
        state->compare = with_high(state->compare - base, value) + base;
        break;
    default:
        break;
    }
}

/* --- Access --- */

static uint64_t counter_base(uint32_t instance)
{
    return OWN_COUNTER_VM_COUNT > 0 ? vms[watchdog_rows[instance].vm].counter_base : 0;
}

static uint64_t watchdog_control_read(struct vcpu *vcpu, uint32_t instance, uint64_t offset,
                                      unsigned size)
{
    (void)vcpu;
    (void)size;
    struct watchdog_state *state = watchdog_lock(instance);

    look_at_time(state, &watchdog_rows[instance], arch_time_now());
    struct watchdog_state seen = *state;
    watchdog_unlock(instance);
    switch (offset) {
    case REG_WCS:
        return control_status(&seen);
    case REG_WOR:
        return (uint32_t)seen.offset;
    case REG_WOR_HIGH:
        return seen.offset >> 32;
    case REG_WCV:
        return (uint32_t)(seen.compare - counter_base(instance));
    case REG_WCV_HIGH:
        return (seen.compare - counter_base(instance)) >> 32;
    case REG_IIDR:
        return IIDR;
    default:
        return 0;
    }
}

/* A refresh that comes too late finds that the time was over. */
static void watchdog_control_write(struct vcpu *vcpu, uint32_t instance, uint64_t offset,
                                   unsigned size, uint64_t value)
{
    (void)vcpu;
    (void)size;
    struct watchdog_state *state = watchdog_lock(instance);
    uint64_t now = arch_time_now();

    look_at_time(state, &watchdog_rows[instance], now);
    if (!state->bitten) {
        control_write(state, offset, (uint32_t)value, now, counter_base(instance));
        ask(state);
    }
    watchdog_unlock(instance);
}

static uint64_t watchdog_refresh_read(struct vcpu *vcpu, uint32_t instance, uint64_t offset,
                                      unsigned size)
{
    (void)vcpu;
    (void)instance;
    (void)size;
    return offset == REG_IIDR ? IIDR : 0;
}

static void watchdog_refresh_write(struct vcpu *vcpu, uint32_t instance, uint64_t offset,
                                   unsigned size, uint64_t value)
{
    (void)vcpu;
    (void)size;
    (void)value;
    if (offset != REG_WRR) {
        return;
    }
    struct watchdog_state *state = watchdog_lock(instance);
    uint64_t now = arch_time_now();

    look_at_time(state, &watchdog_rows[instance], now);
    if (!state->bitten) {
        refresh(state, now);
        ask(state);
    }
    watchdog_unlock(instance);
}

static void watchdog_start(uint32_t instance)
{
    uint64_t ticks = watchdog_rows[instance].timeout_ms * arch_time_hz() / 1000;
    struct watchdog_state *state = watchdog_lock(instance);

    state->enabled = true;
    state->bitten = false;
    state->ws0 = false;
    state->offset = ticks / 2;
    state->compare = arch_time_now() + state->offset;
    ask(state);
    watchdog_unlock(instance);
}

static void watchdog_alarm(struct vcpu *vcpu, uint32_t instance)
{
    if (atomic_load(&vms[vcpu->vm].state) != VM_RUNNING) {
        return;
    }
    struct watchdog_state *state = watchdog_lock(instance);

    look_at_time(state, &watchdog_rows[instance], arch_time_now());
    ask(state);
    watchdog_unlock(instance);
}

const struct vdev_ops watchdog_control_ops = {
    .name = "watchdog control",
    .sizes = VDEV_SIZE_4,
    .read = watchdog_control_read,
    .write = watchdog_control_write,
    .start = watchdog_start,
    .alarm = watchdog_alarm,
};

const struct vdev_ops watchdog_refresh_ops = {
    .name = "watchdog refresh",
    .sizes = VDEV_SIZE_4,
    .read = watchdog_refresh_read,
    .write = watchdog_refresh_write,
};
