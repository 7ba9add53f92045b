/* SPDX-License-Identifier: Apache-2.0 */

/* Looks all the time whether anything of its own changes while the attacker is at work: its memory,
 * its registers, its interrupts, its timer, its channel. */

#include <bulkhead/channel.h>
#include <bulkhead/cpu.h>
#include <bulkhead/irq.h>
#include <bulkhead/timer.h>
#include <bulkhead/vm.h>
#include <stdlib.h>
#include <string.h>

#include "../../check.h"
#include "../../gic.h"
#include "../../psci.h"
#include "../attacks.h"

#define PERIOD_NS UINT64_C(100000)
#define STILL_WORDS (UINT32_C(8) << 20 >> 3)
#define WORDS_A_TICK 4096u
#define INTID_COUNT 256u /* more than any board of these tests has */
#define REGISTER_COUNT 17u
#define QUIET_TICKS 200u

static const char *const names[ATTACK_COUNT] = {
    [ATTACK_MMIO] = "device accesses, anywhere, any width",
    [ATTACK_CALLS] = "HVC and SMC calls",
    [ATTACK_SYSREGS] = "system instructions",
    [ATTACK_SGIS] = "SGIs",
    [ATTACK_GIC] = "accesses to the GIC",
    [ATTACK_FORMS] = "pairs, atomics, vectors, maintenance",
    [ATTACK_FETCHES] = "instruction fetches from anywhere",
    [ATTACK_WALKS] = "accesses through wild page tables",
    [ATTACK_CHANNELS] = "abuses of channels",
    [ATTACK_STORMS] = "interrupts of storms",
    [ATTACK_POWER] = "starts of a CPU",
    [ATTACK_PRIORITIES] = "changes of the GIC under interrupts",
    [ATTACK_EDGES] = "accesses across ends of memory, big endian",
    [ATTACK_UNPRIVILEGED] = "instructions at EL0, AArch32 and AArch64",
    [ATTACK_CRASH] = "crashes",
};

struct checks checks;

static uint64_t *still; /* memory that nobody writes */
static volatile uint32_t strays;
static volatile uint32_t stray_intid;
static volatile uint32_t rings;
static uint64_t changed_words;
static uint64_t changed_registers;
static uint64_t latest_quiet_ns;
static uint64_t latest_ns[ATTACK_COUNT];

static uint64_t still_value(uint64_t index)
{
    return (index + 1) * UINT64_C(0x9e3779b97f4a7c15);
}

static void stray(uint32_t intid, void *arg)
{
    (void)arg;
    strays++;
    stray_intid = intid;
    irq_disable(intid);
}

static void rung(const struct channel *channel, uint32_t from, void *arg)
{
    (void)channel;
    (void)arg;
    rings++;
    if (from != 2) { /* not the partner alone */
        strays++;
    }
}

/* What would show that somebody else was here: registers of the CPU and of the GIC. */
static void look(uint64_t registers[REGISTER_COUNT])
{
    const uint64_t now[REGISTER_COUNT] = {
        SYSREG_READ(sctlr_el1),
        SYSREG_READ(ttbr0_el1),
        SYSREG_READ(ttbr1_el1),
        SYSREG_READ(tcr_el1),
        SYSREG_READ(mair_el1),
        SYSREG_READ(vbar_el1),
        SYSREG_READ(cpacr_el1),
        SYSREG_READ(contextidr_el1),
        SYSREG_READ(tpidr_el0),
        SYSREG_READ(tpidrro_el0),
        SYSREG_READ(cntkctl_el1),
        SYSREG_READ(mpidr_el1),
        mmio_read32(GICD + GICD_CTLR),
        mmio_read32(GICD + ISENABLER + 4),
        mmio_read32(GICD + IPRIORITYR + 32),
        mmio_read32(GICR + GICR_SGI_FRAME + ISENABLER),
        mmio_read32(GICR + GICR_SGI_FRAME + IPRIORITYR),
    };
    memcpy(registers, now, sizeof(now));
}

static void check_memory(uint32_t first, uint32_t count)
{
    for (uint32_t i = first; i < first + count; i++) {
        changed_words += still[i % STILL_WORDS] != still_value(i % STILL_WORDS);
    }
}

static void prepare(struct heart *heart)
{
    still = malloc(STILL_WORDS * sizeof(still[0]));
    for (uint32_t i = 0; i < STILL_WORDS; i++) {
        still[i] = still_value(i);
    }
    for (uint32_t i = 0; i < sizeof(heart->still) / sizeof(heart->still[0]); i++) {
        heart->still[i] = still_value(i);
    }
    for (uint32_t intid = 0; intid < INTID_COUNT; intid++) {
        if (intid != IRQ_PPI(11)) { /* its timer's */
            irq_handler(intid, stray, NULL);
            irq_enable(intid);
        }
    }
}

/* One period: its timer, then whether all is as it was. A period begins where the last one's work
 * ends, so that it is late by others alone. The hints, which do nothing, tell tests/bench/latency.c
 * that the timer is set, and that it was answered. */
static void tick(struct heart *heart, uint32_t number, bool attacked, uint64_t *latest)
{
    static uint64_t before[REGISTER_COUNT];
    uint64_t registers[REGISTER_COUNT];
    const uint64_t due = timer_now_ns() + PERIOD_NS;

    __asm__ volatile("hint #64" ::: "memory");
    timer_sleep(PERIOD_NS);
    if (attacked) {
        __asm__ volatile("hint #66" ::: "memory");
    } else {
        __asm__ volatile("hint #65" ::: "memory");
    }
    const uint64_t late = timer_now_ns() - due;
    *latest = late > *latest ? late : *latest;

    look(registers);
    if (number == 0) {
        memcpy(before, registers, sizeof(before));
    }
    changed_registers += memcmp(before, registers, sizeof(before)) != 0;
    check_memory(number * WORDS_A_TICK, WORDS_A_TICK);
    for (uint32_t i = 0; i < sizeof(heart->still) / sizeof(heart->still[0]); i++) {
        changed_words += heart->still[i] != still_value(i);
    }
}

/* The partner answers each beat before the next one. */
static void beat(const struct channel *channel, struct heart *heart)
{
    if (heart->answer != heart->beat) {
        return;
    }
    heart->beat++;
    channel_ring(channel, 2);
}

/* The attacks that ended since the last look. */
static void tell(const struct attacks *attacks)
{
    static unsigned told;

    for (; told < attacks->ended; told++) {
        printf("%" PRIu64 " %s: %" PRIu64 " exceptions; timer late by at most %" PRIu64 " ns\n",
               attacks->made[told], names[told], attacks->faults[told], latest_ns[told]);
    }
}

int main(void)
{
    const struct attacks *attacks = channel_open("attacks")->window;
    const struct channel *channel = channel_open("heart");
    struct heart *heart = channel->window;
    uint32_t number = 0;

    prepare(heart);
    channel_on_ring(channel, rung, NULL);
    for (; number < QUIET_TICKS || attacks->begun == 0; number++) {
        tick(heart, number, false, &latest_quiet_ns);
        beat(channel, heart);
        heart->victim_ready = number >= QUIET_TICKS;
    }
    printf("before the attacks: timer late by at most %" PRIu64 " ns\n", latest_quiet_ns);
    for (; attacks->ended != ATTACK_COUNT; number++) {
        tick(heart, number, true, &latest_ns[attacks->begun - 1]);
        beat(channel, heart);
        tell(attacks);
    }
    tell(attacks);
    check_memory(0, STILL_WORDS);
    heart->over = 1;
    check_equal("words of its memory that changed", changed_words, 0);
    check_equal("times that its registers changed", changed_registers, 0);
    check_equal("interrupts that are not its own", strays, 0);
    check("its partner's rings come", rings > 10);
    check("hypercalls answer", vm_hvc(PSCI_VERSION, 0, 0, 0) == 0x10001);
    printf("%u ticks, %" PRIu64 " beats\n", (unsigned)number, heart->beat);
    return check_end();
}
