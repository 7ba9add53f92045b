/* SPDX-License-Identifier: Apache-2.0 */

/* CPUs of one VM: started, raced for, interrupted, switched off. */

#include <bulkhead/cpu.h>
#include <bulkhead/irq.h>
#include <bulkhead/sysreg.h>
#include <bulkhead/timer.h>
#include <bulkhead/vm.h>
#include <stdatomic.h>

#include "../check.h"
#include "../gic.h"
#include "../psci.h"
#include "image.h" /* the runtime's: cpu_entry() */

#define CPUS 4
#define RACER_COUNT 3 /* CPUs 0 to 2 race for CPU 3 */
#define ROUNDS 20
#define PATIENCE_NS UINT64_C(30000000000)
#define SGI_COUNTED 1u
#define SGI_ANSWERED 2u
#define SGI_ANSWER 3u

struct checks checks;

static _Atomic uint32_t seen;          /* bitmap of CPUs that ran */
static _Atomic uint32_t counted[CPUS]; /* SGIs */
static _Atomic uint32_t answers;
static _Atomic uint32_t round_now;
static _Atomic uint32_t round_done;
static _Atomic uint32_t held;
static _Atomic int64_t results[RACER_COUNT];
static _Atomic bool stop;

/* Spins, for things of other CPUs that send no interrupt.  False: not within PATIENCE_NS. */
static bool comes_to(_Atomic uint32_t *value, uint32_t wanted)
{
    const uint64_t end = timer_now_ns() + PATIENCE_NS;

    while (*value != wanted && timer_now_ns() < end) {
        cpu_relax();
    }
    return *value == wanted;
}

static bool goes_off(unsigned cpu)
{
    const uint64_t end = timer_now_ns() + PATIENCE_NS;

    while (vm_hvc(PSCI_AFFINITY_INFO, cpu, 0, 0) != PSCI_IS_OFF && timer_now_ns() < end) {
        cpu_relax();
    }
    return vm_hvc(PSCI_AFFINITY_INFO, cpu, 0, 0) == PSCI_IS_OFF;
}

static void count(uint32_t intid, void *arg)
{
    (void)intid;
    (void)arg;
    counted[cpu_index()]++;
}

static void answer(uint32_t intid, void *arg)
{
    (void)intid;
    (void)arg;
    irq_send(0, SGI_ANSWER);
}

static void answered(uint32_t intid, void *arg)
{
    (void)intid;
    (void)arg;
    answers++;
}

static void show_up(void *arg)
{
    (void)arg;
    seen |= 1u << cpu_index();
}

static void serve_interrupts(void *arg)
{
    show_up(arg);
    while (!stop) {
        cpu_wait();
    }
}

/* The prize: runs what cpu_start() gave CPU 3 first, so stays on until all have tried. */
static void hold(void *arg)
{
    (void)arg;
    while (round_done < RACER_COUNT) {
        cpu_relax();
    }
    held++;
}

static void race(void)
{
    results[cpu_index()] = vm_hvc(PSCI_CPU_ON, 3, (uintptr_t)cpu_entry, 3);
    round_done++;
}

static void racer(void *arg)
{
    (void)arg;
    for (uint32_t round = 1; round <= ROUNDS; round++) {
        while (round_now < round) {
            cpu_relax();
        }
        race();
    }
}

static void test_start(void)
{
    check_equal("number of CPUs", cpu_count(), CPUS);
    check_equal("own id", SYSREG_READ(mpidr_el1) & 0xff00ffffff, 0);
    check_equal("CPU 0 is on", (uint64_t)vm_hvc(PSCI_AFFINITY_INFO, 0, 0, 0), PSCI_IS_ON);
    for (unsigned cpu = 1; cpu < CPUS; cpu++) {
        check("a CPU is off at first", vm_hvc(PSCI_AFFINITY_INFO, cpu, 0, 0) == PSCI_IS_OFF);
        check("it starts", cpu_start(cpu, show_up, NULL));
    }
    check("all ran", comes_to(&seen, 0xe));
    for (unsigned cpu = 1; cpu < CPUS; cpu++) {
        check("and went off", goes_off(cpu));
    }
    seen = 0;
    check("a CPU starts a second time", cpu_start(1, show_up, NULL) && comes_to(&seen, 2));
    check("and goes off again", goes_off(1));
}

static void test_refusals(void)
{
    check_equal("CPU_ON of a CPU that is on",
                (uint64_t)vm_hvc(PSCI_CPU_ON, 0, (uintptr_t)cpu_entry, 0),
                (uint64_t)PSCI_ALREADY_ON);
    check_equal("CPU_ON of a CPU that the VM has not",
                (uint64_t)vm_hvc(PSCI_CPU_ON, CPUS, (uintptr_t)cpu_entry, 0),
                (uint64_t)PSCI_INVALID_PARAMETERS);
    check_equal("AFFINITY_INFO of a CPU that the VM has not",
                (uint64_t)vm_hvc(PSCI_AFFINITY_INFO, CPUS, 0, 0),
                (uint64_t)PSCI_INVALID_PARAMETERS);
}

static void test_race(void)
{
    bool one_wins = true;
    bool others_told = true;
    bool ran = true;
    bool went_off = true;

    round_done = RACER_COUNT;
    check("the prize starts and goes off", cpu_start(3, hold, NULL) && goes_off(3));
    check("racers start", cpu_start(1, racer, NULL) && cpu_start(2, racer, NULL));
    for (uint32_t round = 1; round <= ROUNDS; round++) {
        unsigned won = 0;
        round_done = 0;
        round_now = round;
        race();
        one_wins = one_wins && comes_to(&round_done, RACER_COUNT);
        for (unsigned i = 0; i < RACER_COUNT; i++) {
            won += results[i] == PSCI_SUCCESS ? 1u : 0u;
            others_told =
                others_told && (results[i] == PSCI_SUCCESS || results[i] == PSCI_ALREADY_ON ||
                                results[i] == PSCI_ON_PENDING);
        }
        one_wins = one_wins && won == 1;
        ran = ran && comes_to(&held, round + 1);
        went_off = went_off && goes_off(3);
    }
    check("of each race's CPU_ONs one succeeds", one_wins);
    check("the others are told ALREADY_ON or ON_PENDING", others_told);
    check("the CPU went off each time", went_off);
    check("and ran once a race", ran && held == ROUNDS + 1);
    check("racers end", goes_off(1) && goes_off(2));
}

static bool has_answers(void *arg)
{
    const uint32_t *wanted = arg;
    return answers == *wanted;
}

static void test_interrupts(void)
{
    seen = 0;
    irq_handler(SGI_COUNTED, count, NULL);
    irq_handler(SGI_ANSWERED, answer, NULL);
    irq_handler(SGI_ANSWER, answered, NULL);
    for (unsigned cpu = 1; cpu < CPUS; cpu++) {
        check("a CPU waits for interrupts", cpu_start(cpu, serve_interrupts, NULL));
    }
    check("all do", comes_to(&seen, 0xe));

    irq_send(2, SGI_COUNTED);
    check("SGI to CPU 2", comes_to(&counted[2], 1));
    irq_send(3, SGI_COUNTED);
    check("SGI to CPU 3", comes_to(&counted[3], 1));
    irq_send(0, SGI_COUNTED);
    check("SGI to CPU 0 itself", comes_to(&counted[0], 1));
    check("none to CPU 1", counted[1] == 0);

    gic_send_list(SGI_COUNTED, 0xa);
    check("SGI to a list of CPUs", comes_to(&counted[1], 1) && comes_to(&counted[3], 2));

    gic_send_others(SGI_COUNTED);
    check("SGI to all but itself", comes_to(&counted[1], 2) && comes_to(&counted[2], 2) &&
                                       comes_to(&counted[3], 3) && counted[0] == 1);

    for (uint32_t i = 1; i <= 100; i++) {
        irq_send(1 + i % 3, SGI_ANSWERED);
        cpu_wait_until(has_answers, &i);
    }
    check_equal("100 SGIs there and back", answers, 100);

    stop = true;
    gic_send_others(SGI_COUNTED);
    check("all CPUs go off", goes_off(1) && goes_off(2) && goes_off(3));
}

int main(void)
{
    test_start();
    test_refusals();
    test_race();
    test_interrupts();
    return check_end();
}
