/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A QEMU plugin (API 1, QEMU 7.2: docs/devel/tcg-plugins) that writes down which instruction each
 * CPU executes, between the marks of tests/guests/bench/operations.h.
 *
 *   -plugin PLUGIN.so,out=PREFIX,operation=N,cpus=COUNT
 *
 * PREFIX.trace: a 32-bit word for each instruction of the first COUNT CPUs, its number << 4 | its
 * CPU; BEGIN at each mark that begins operation N.  PREFIX.table: for each number the physical
 * address, the virtual one and the opcode; at the operation's end, how many instructions the other
 * CPUs executed. Without an operation everything before the first mark is recorded: boot.
 */

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin_api.h"

#define RESET_PC UINT64_C(0x40000000) /* QEMU virt with -kernel: the base of RAM */
#define BEGIN 0xffffffffu
#define MARK_FIRST 64u /* hint #64 begins operation 0 */
#define MARK_END 127u
#define BUCKETS (1u << 16)

struct instruction {
    struct instruction *next; /* in its bucket */
    uintptr_t host;
    uint64_t address;
    uint32_t opcode;
    uint32_t number;
};

static struct instruction *buckets[BUCKETS];
static uint32_t instruction_count;
static uintptr_t reset_host;
static FILE *trace_file;
static FILE *table_file;
static unsigned chosen = UINT32_MAX; /* boot */
static unsigned cpu_count = UINT32_MAX;
static atomic_bool recording;
static atomic_ulong others_count;
static pthread_mutex_t translation = PTHREAD_MUTEX_INITIALIZER; /* CPUs may translate at once */

static void executed(unsigned cpu, void *data)
{
    const struct instruction *instruction = data;

    if (!recording) {
        return;
    }
    if (cpu >= cpu_count) {
        others_count++;
    } else {
        uint32_t word = instruction->number << 4 | cpu;
        fwrite(&word, sizeof(word), 1, trace_file);
    }
}

static void mark_executed(unsigned cpu, void *data)
{
    const struct instruction *instruction = data;
    unsigned operation = (instruction->opcode >> 5 & 0x7fu) - MARK_FIRST;

    (void)cpu;
    if (recording) { /* whoever ends QEMU need not let it say goodbye */
        fprintf(table_file, "others %lu\n", (unsigned long)others_count);
        fflush(trace_file);
        fflush(table_file);
    }
    recording = operation == chosen;
    if (recording) {
        uint32_t word = BEGIN;
        fwrite(&word, sizeof(word), 1, trace_file);
    }
}

/* Code that is translated again keeps its number. */
static struct instruction *instruction_of(const struct qemu_plugin_insn *insn)
{
    uintptr_t host = (uintptr_t)qemu_plugin_insn_haddr(insn);
    struct instruction **bucket = &buckets[host / 4 % BUCKETS];
    uint32_t opcode;

    memcpy(&opcode, qemu_plugin_insn_data(insn), sizeof(opcode));
    for (struct instruction *known = *bucket; known != NULL; known = known->next) {
        if (known->host == host && known->opcode == opcode) {
            return known;
        }
    }
    struct instruction *added = malloc(sizeof(*added));
    if (added == NULL) {
        abort();
    }
    *added = (struct instruction){ *bucket, host, qemu_plugin_insn_vaddr(insn), opcode,
                                   instruction_count++ };
    *bucket = added;
    if (reset_host == 0) {
        reset_host = host;
    }
    fprintf(table_file, "%u %llx %llx %x\n", added->number,
            (unsigned long long)(RESET_PC + (host - reset_host)),
            (unsigned long long)added->address, opcode);
    return added;
}

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
    (void)id;
    pthread_mutex_lock(&translation);
    for (size_t index = 0; index < qemu_plugin_tb_n_insns(tb); index++) {
        struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, index);
        struct instruction *instruction = instruction_of(insn);
        bool hint = (instruction->opcode & 0xfffff01fu) == 0xd503201fu;
        bool mark = hint && (instruction->opcode >> 5 & 0x7fu) >= MARK_FIRST;

        qemu_plugin_register_vcpu_insn_exec_cb(insn, mark ? mark_executed : executed,
                                               QEMU_PLUGIN_CB_NO_REGS, instruction);
    }
    pthread_mutex_unlock(&translation);
}

static void finish(qemu_plugin_id_t id, void *data)
{
    (void)id;
    (void)data;
    fclose(trace_file);
    fclose(table_file);
}

static FILE *open_file(const char *prefix, const char *ending)
{
    char path[4096];
    FILE *file;

    snprintf(path, sizeof(path), "%s.%s", prefix, ending);
    file = fopen(path, "wb");
    if (file == NULL) {
        perror(path);
        exit(1);
    }
    return file;
}

int qemu_plugin_install(qemu_plugin_id_t id, const void *info, int argc, char **argv)
{
    (void)info;
    for (int index = 0; index < argc; index++) {
        if (strncmp(argv[index], "out=", 4) == 0) {
            trace_file = open_file(argv[index] + 4, "trace");
            table_file = open_file(argv[index] + 4, "table");
        } else if (strncmp(argv[index], "operation=", 10) == 0) {
            chosen = (unsigned)strtoul(argv[index] + 10, NULL, 10);
        } else if (strncmp(argv[index], "cpus=", 5) == 0) {
            cpu_count = (unsigned)strtoul(argv[index] + 5, NULL, 10);
        }
    }
    if (trace_file == NULL) {
        fputs("plugin: out=PREFIX is missing\n", stderr);
        return 1;
    }
    recording = chosen == UINT32_MAX;
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    qemu_plugin_register_atexit_cb(id, finish, NULL);
    return 0;
}
