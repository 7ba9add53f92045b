/* SPDX-License-Identifier: Apache-2.0 */

/* Attack after attack; a run that ends in a crash goes on with the next one. */

#include "attacker.h"

#include <bulkhead/channel.h>
#include <bulkhead/cpu.h>
#include <bulkhead/vm.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../attacks.h"
#include "trap.h"

static uint64_t (*const attacks[ATTACK_COUNT])(void) = {
    [ATTACK_MMIO] = attack_mmio,         [ATTACK_CALLS] = attack_calls,
    [ATTACK_SYSREGS] = attack_sysregs,   [ATTACK_SGIS] = attack_sgis,
    [ATTACK_GIC] = attack_gic,           [ATTACK_FORMS] = attack_forms,
    [ATTACK_FETCHES] = attack_fetches,   [ATTACK_WALKS] = attack_walks,
    [ATTACK_CHANNELS] = attack_channels, [ATTACK_STORMS] = attack_storms,
    [ATTACK_POWER] = attack_power,       [ATTACK_PRIORITIES] = attack_priorities,
    [ATTACK_EDGES] = attack_edges,       [ATTACK_UNPRIVILEGED] = attack_unprivileged,
    [ATTACK_CRASH] = attack_crash,
};

uint64_t accesses_wanted;

static void (*both_work)(void *arg);
static atomic_bool other_ended;

static void other_cpu(void *arg)
{
    trap_install();
    bare(both_work, arg);
    atomic_store(&other_ended, true);
}

void on_both(void (*work)(void *arg))
{
    both_work = work;
    atomic_store(&other_ended, false);
    while (!cpu_start(1, other_cpu, (void *)1)) {
        cpu_relax();
    }
    bare(work, (void *)0);
    while (!atomic_load(&other_ended)) {
        cpu_relax();
    }
}

static uint64_t faults_of_all(void)
{
    return traps[0].faults + traps[1].faults;
}

/* The number behind `name` on the command line. */
static uint64_t option(const char *name)
{
    const char *found = strstr(vm_bootargs(), name);

    return found != NULL ? strtoull(found + strlen(name), NULL, 0) : 0;
}

static void make_all(struct attacks *told)
{
    const uint64_t chosen = option("attacks="); /* bit n: attack n */

    trap_install();
    while (told->begun < ATTACK_COUNT) {
        const unsigned attack = told->begun++;
        const uint64_t faults = faults_of_all();

        if (chosen >> attack & 1) {
            told->made[attack] = attacks[attack]();
            told->faults[attack] = faults_of_all() - faults;
        }
        told->ended = told->begun < ATTACK_COUNT ? told->begun : told->ended;
    }
}

int main(void)
{
    struct attacks *told = channel_open("attacks")->window;
    const struct heart *heart = channel_open("heart")->window;

    accesses_wanted = option("accesses=");
    told->runs++;
    while (!heart->victim_ready) {
        cpu_relax();
    }
    if (told->begun == 0) {
        printf("run %u\n", (unsigned)told->runs);
        fflush(stdout);
        make_all(told);
    }
    told->made[ATTACK_CRASH] = told->runs - 1; /* the last attack ends as another run */
    told->ended = ATTACK_COUNT;
    printf("all attacks ended\n");
    return 0;
}
