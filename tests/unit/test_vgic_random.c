/* SPDX-License-Identifier: Apache-2.0 */
/* sources: vdev/vgic[.3_]*c arch/fake/[a-z]*.c tests/unit/fixture/tables.c
 * tests/unit/fixture/vcpus.c tests/unit/fixture/vgic_guest.c tests/unit/fixture/devices.c
 * tests/unit/fixture/platform.c */
#include <string.h>

#include "tests/unit/check.h"
#include "tests/unit/fixture/vgic_guest.h"

/*
 * Random guest traces against a model of a GIC that has no list registers: what is signalled, its
 * order, and the pending and active registers agree after every step, so nothing is lost and
 * nothing invented.  vCPU 0 of VM 0 runs, with SGIs, the timer's PPI, emulated SPIs of both kinds,
 * and linked SPIs.
 */

#define VCPU 0u
#define NONE ARCH_IRQ_SPURIOUS
#define STEPS 3000u
#define SEEDS 12u
#define TIMER 27u
#define LINKED_LEVEL 48u
#define LINKED_EDGE 49u
#define RENUMBERED 60u /* physically 100 */
#define INTIDS 64u

struct model {
    bool latch, line, edge, enabled, active;
    uint8_t priority;
};

static struct model model[INTIDS];
static uint32_t stack[INTIDS]; /* acknowledged, not yet ended */
static uint8_t stack_priority[INTIDS];
static uint32_t depth;
static uint64_t random_state;

/* The interrupts of the trace. */
static const uint32_t intids[] = { 0,           1,         2,  3,  TIMER, 32, 33, 34, 35,
                                   36,          37,        38, 39, 40,    41, 42, 43, LINKED_LEVEL,
                                   LINKED_EDGE, RENUMBERED };
#define COUNT (sizeof(intids) / sizeof(intids[0]))

static uint32_t random_below(uint32_t limit)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (uint32_t)(random_state >> 33) % limit;
}

static uint32_t random_intid(void)
{
    return intids[random_below(COUNT)];
}

static bool is_linked(uint32_t intid)
{
    return intid == TIMER || intid >= LINKED_LEVEL;
}

static bool model_pending(uint32_t intid)
{
    return model[intid].latch || (model[intid].line && !model[intid].edge);
}

static uint32_t running(void)
{
    return depth == 0 ? 0xff : stack_priority[depth - 1];
}

/* Could `intid` be acknowledged now, and is nothing more urgent? */
static bool model_best(uint32_t intid)
{
    uint32_t best = running();

    for (unsigned i = 0; i < COUNT; i++) {
        const struct model *m = &model[intids[i]];

        if (model_pending(intids[i]) && m->enabled && !m->active && m->priority < best) {
            best = m->priority;
        }
    }
    if (intid == NONE) {
        return best == running();
    }
    return model_pending(intid) && model[intid].enabled && !model[intid].active &&
           model[intid].priority == best && best < running();
}

static void step_acknowledge(void)
{
    uint32_t intid = guest_iar(VCPU);

    if (!CHECK(intid == NONE || (intid < INTIDS && model_best(intid))) ||
        !CHECK(intid != NONE || model_best(NONE)) || intid == NONE) {
        return;
    }
    model[intid].latch = false;
    model[intid].active = true;
    stack[depth] = intid;
    stack_priority[depth++] = model[intid].priority;
}

static void step_end(void)
{
    if (depth > 0) {
        uint32_t intid = stack[--depth];

        model[intid].active = false;
        guest_eoi(VCPU, intid);
    }
}

static void step_enable(uint32_t intid)
{
    model[intid].enabled = random_below(4) != 0;
    guest_set(VCPU, model[intid].enabled ? GUEST_ENABLE : GUEST_DISABLE, intid);
}

static void step_pend(uint32_t intid)
{
    bool pend = random_below(3) != 0;

    model[intid].latch = pend;
    guest_set(VCPU, pend ? GUEST_PEND : GUEST_UNPEND, intid);
}

/* The physical number of a linked interrupt. */
static uint32_t physical(uint32_t intid)
{
    return intid == RENUMBERED ? 100 : intid;
}

/* A level's line changes, or an edge comes.  A physical edge that finds its interrupt pending in
 * software would come again after its end: not on a trace. */
static void step_line(uint32_t intid)
{
    bool high = !model[intid].line;

    if (intid < 16 || (intid == LINKED_EDGE && model[intid].latch)) {
        return;
    }
    guest_vcpu(VCPU);
    if (intid == LINKED_EDGE) {
        fake_irq_pulse(LINKED_EDGE);
        model[intid].latch = true;
        return;
    }
    model[intid].line = high;
    if (model[intid].edge && high) {
        model[intid].latch = true;
    }
    if (!is_linked(intid)) {
        vgic_set_line(&vcpus[VCPU], intid, high);
        return;
    }
    fake_irq_line(physical(intid), high);
    guest_exit(VCPU);
    (void)guest_get(VCPU, GUEST_PEND, intid); /* notices that a line went low */
}

static void step_sgi(uint32_t intid)
{
    if (intid < 16) {
        vgic_send_sgi(guest_vcpu(VCPU), (uint64_t)intid << 24 | 1, true);
        model[intid].latch = true;
    }
}

static void step_post(uint32_t intid)
{
    if (intid >= 32 && !is_linked(intid)) {
        vgic_post(0, intid);
        model[intid].latch = true;
    }
}

/* Not while it is active: which interrupt an EOI ends is told by priority. */
static void step_priority(uint32_t intid)
{
    if (!model[intid].active) {
        model[intid].priority = (uint8_t)(8 * random_below(30));
        guest_priority(VCPU, intid, model[intid].priority);
    }
}

static void check_state(void)
{
    guest_exit(VCPU);
    for (unsigned i = 0; i < COUNT; i++) {
        uint32_t intid = intids[i];

        CHECK_EQ(guest_get(VCPU, GUEST_PEND, intid), model_pending(intid));
        CHECK_EQ(guest_get(VCPU, GUEST_ACTIVATE, intid), model[intid].active);
        CHECK_EQ(guest_get(VCPU, GUEST_ENABLE, intid), model[intid].enabled);
    }
    guest_exit(VCPU);
    guest_vcpu(VCPU);
    CHECK_EQ(fake_guest_running(), running());
}

static void step(void)
{
    uint32_t intid = random_intid();

    switch (random_below(12)) {
    case 0:
        step_enable(intid);
        break;
    case 1:
        step_pend(intid);
        break;
    case 2:
        step_priority(intid);
        break;
    case 3:
    case 4:
        step_line(intid);
        break;
    case 5:
        step_sgi(intid);
        break;
    case 6:
        step_post(intid);
        break;
    case 7:
    case 8:
        step_end();
        break;
    case 9:
        check_state();
        break;
    default:
        step_acknowledge();
        break;
    }
}

static void prepare(uint32_t lr_count)
{
    guest_start(0);
    vgic_vcpu_park(guest_vcpu(1));
    guest_vcpu(VCPU);
    fake_lr_count = lr_count;
    memset(model, 0, sizeof(model));
    depth = 0;
    for (unsigned i = 0; i < COUNT; i++) {
        model[intids[i]].edge = intids[i] < 16 || intids[i] == LINKED_EDGE;
        if (intids[i] >= 38 && !is_linked(intids[i])) {
            model[intids[i]].edge = true;
            guest_edge(VCPU, intids[i], true);
        }
        model[intids[i]].priority = 0xa0;
        model[intids[i]].enabled = true;
        guest_set(VCPU, GUEST_ENABLE, intids[i]);
    }
}

/* When devices fall silent, everything drains and nothing physical stays behind. */
static void drain(void)
{
    for (unsigned i = 0; i < COUNT; i++) {
        if (model[intids[i]].line) {
            step_line(intids[i]);
        }
        model[intids[i]].enabled = true;
        guest_set(VCPU, GUEST_ENABLE, intids[i]);
    }
    while (depth > 0) {
        step_end();
    }
    for (unsigned i = 0; i < 2 * COUNT; i++) {
        step_acknowledge();
        step_end();
    }
    for (unsigned i = 0; i < COUNT; i++) {
        CHECK(!model_pending(intids[i]));
        CHECK(!is_linked(intids[i]) || !fake_irq_active(physical(intids[i])));
    }
    CHECK_EQ(guest_iar(VCPU), NONE);
}

static void traces(void)
{
    static const uint32_t lr_counts[] = { 1, 2, 4, 16 };

    for (uint32_t seed = 0; seed < SEEDS; seed++) {
        random_state = UINT64_C(0x9e3779b97f4a7c15) * (seed + 1);
        prepare(lr_counts[seed % 4]);
        for (uint32_t i = 0; i < STEPS && atomic_load(&check_failures) == 0; i++) {
            step();
        }
        drain();
        if (atomic_load(&check_failures) != 0) {
            fprintf(stderr, "with seed %u\n", seed);
            return;
        }
    }
}

int main(void)
{
    TEST(traces);
    return test_result();
}
