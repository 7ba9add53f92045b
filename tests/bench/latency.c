/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A QEMU plugin (API 1, QEMU 7.2: docs/devel/tcg-plugins) that measures how long a guest's timer
 * waits for its answer, on CPU 0: from where the guest last slept (WFI) or set its timer (hint #64)
 * to its mark, in instructions of that CPU, of the hypervisor and the guest's own.
 *
 *   -plugin PLUGIN.so,out=FILE
 *
 * Where CPUs take turns, time holds the turns that QEMU gives to others; this does not. But while
 * CPU 0 waits in a loop that yields, at a lock, what the others execute counts. FILE is a struct
 * answers for each mark, hint #65 and #66. It is a shared mapping: right whenever and however QEMU
 * ends.
 */

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "plugin_api.h"

#define MARKS 2u
#define HINT 0xd503201fu /* hint #0 (Arm ARM C6.2, HINT) */
#define HINT_MASK 0xfffff01fu
#define MARK_SET 64u
#define MARK_FIRST 65u

enum event { EVENT_NONE, EVENT_YIELD, EVENT_BEGIN, EVENT_MARK };

struct answers {
    uint64_t count;
    uint64_t longest; /* instructions */
};

static struct answers *answers;
static uint64_t waited; /* since EVENT_BEGIN */
static bool yields;     /* CPU 0 leaves its turn to whom it waits for */

static void executed(unsigned cpu, void *data)
{
    uintptr_t event = (uintptr_t)data;

    if (cpu != 0) {
        waited += yields;
        return;
    }
    waited++;
    yields = event == EVENT_YIELD;
    if (event == EVENT_BEGIN) {
        waited = 0;
    } else if (event >= EVENT_MARK) {
        struct answers *mine = &answers[event - EVENT_MARK];

        mine->count++;
        mine->longest = waited > mine->longest ? waited : mine->longest;
    }
}

static uintptr_t event_of(uint32_t opcode)
{
    unsigned number = opcode >> 5 & 0x7fu;

    if ((opcode & HINT_MASK) != HINT) {
        return EVENT_NONE;
    }
    if (number == 1 || number == 2) { /* YIELD, WFE */
        return EVENT_YIELD;
    }
    if (number == 3 || number == MARK_SET) { /* 3: WFI */
        return EVENT_BEGIN;
    }
    return number - MARK_FIRST < MARKS ? EVENT_MARK + number - MARK_FIRST : EVENT_NONE;
}

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
    size_t count = qemu_plugin_tb_n_insns(tb);

    (void)id;
    for (size_t index = 0; index < count; index++) {
        struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, index);
        uint32_t opcode;

        memcpy(&opcode, qemu_plugin_insn_data(insn), sizeof(opcode));
        qemu_plugin_register_vcpu_insn_exec_cb(insn, executed, QEMU_PLUGIN_CB_NO_REGS,
                                               (void *)event_of(opcode));
    }
}

int qemu_plugin_install(qemu_plugin_id_t id, const void *info, int argc, char **argv)
{
    size_t size = MARKS * sizeof(struct answers);
    int file;

    (void)info;
    if (argc != 1 || strncmp(argv[0], "out=", 4) != 0) {
        fputs("-plugin PLUGIN.so,out=FILE\n", stderr);
        return 1;
    }
    file = open(argv[0] + 4, O_RDWR | O_CREAT | O_TRUNC, 0666);
    if (file < 0 || ftruncate(file, (off_t)size) != 0) {
        perror(argv[0]);
        return 1;
    }
    answers = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    close(file);
    if (answers == MAP_FAILED) {
        return 1;
    }
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    return 0;
}
