/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A QEMU plugin (API 1, QEMU 7.2: docs/devel/tcg-plugins) that measures the hypervisor's stays:
 * from the vector by which a guest is left to the ERET back to it, on each CPU.
 *
 *   -plugin PLUGIN.so,out=FILE,image=START:END,vectors=ADDRESS,console=ADDRESS
 *
 * Addresses are physical and hexadecimal: the hypervisor's code, its vectors, the function that
 * writes to the board's UART. FILE is an array of struct longest by class, `enum cause` *
 * WORKS + `enum work`. It is a shared mapping: right whenever and however QEMU ends.
 */

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "plugin_api.h"

#define RESET_PC UINT64_C(0x40000000) /* QEMU virt with -kernel: the base of RAM */
#define CPUS 16u
#define PATH_SIZE (1u << 21)
#define VECTOR_LOWER 0x400u /* exceptions of a lower EL (Arm ARM D1.3.1.5) */
#define VECTOR_SIZE 0x80u

/* Why a guest was left: the vector, and for synchronous exceptions the guest's last instruction. */
enum cause {
    CAUSE_HVC,
    CAUSE_SMC,
    CAUSE_REGISTER, /* MRS, MSR */
    CAUSE_SYSTEM,   /* DC, IC, TLBI, AT */
    CAUSE_MEMORY,   /* a load or store of any form */
    CAUSE_OTHER,    /* instruction fetch; nothing that was executed */
    CAUSE_IRQ,
    CAUSE_FIQ,
    CAUSE_SERROR,
    CAUSES
};

/* What the hypervisor did meanwhile; the last that holds. */
enum work { WORK_PLAIN, WORK_CONSOLE, WORK_LIFE, WORKS };

enum event { EVENT_NONE, EVENT_VECTOR, EVENT_RETURN, EVENT_CONSOLE, EVENT_LIFE };

struct instruction { /* of the hypervisor, at an address */
    uint32_t offset; /* in its image */
    enum event event;
    unsigned vector;
};

struct longest {
    uint64_t stays;           /* of this class */
    uint64_t count;           /* instructions of the longest one */
    uint32_t path[PATH_SIZE]; /* their offsets in the image, as many as fit */
};

struct cpu {
    bool inside;
    enum cause cause;
    enum work work;
    uint64_t count;
    uint32_t guest; /* the guest's last instruction that could trap; 0: none since the ERET */
    uint32_t path[PATH_SIZE];
};

static struct longest *classes;
static struct cpu *cpus;
static struct instruction *code;
static uint64_t image_start;
static uint64_t image_end;
static uint64_t vectors;
static uint64_t console;
static uintptr_t reset_host;

/* Arm ARM C4.1: bits 28:25 are x1x0 for loads and stores, 101x for branches, exceptions, system. */
static bool may_leave(uint32_t opcode)
{
    return (opcode >> 25 & 0x5u) == 0x4u || (opcode >> 26 & 0x7u) == 0x5u;
}

static enum cause cause_of(uint32_t opcode)
{
    if ((opcode & 0xffe0001fu) == 0xd4000002u) {
        return CAUSE_HVC;
    }
    if ((opcode & 0xffe0001fu) == 0xd4000003u) {
        return CAUSE_SMC;
    }
    if ((opcode & 0xffd00000u) == 0xd5100000u) { /* op0 is 2 or 3 */
        return CAUSE_REGISTER;
    }
    if ((opcode & 0xffd80000u) == 0xd5080000u) {
        return CAUSE_SYSTEM;
    }
    return (opcode >> 25 & 0x5u) == 0x4u ? CAUSE_MEMORY : CAUSE_OTHER;
}

static void begin(struct cpu *cpu, unsigned vector)
{
    static const enum cause asynchronous[] = { CAUSE_OTHER, CAUSE_IRQ, CAUSE_FIQ, CAUSE_SERROR };

    cpu->inside = true;
    cpu->cause = vector == 0 ? cause_of(cpu->guest) : asynchronous[vector];
    cpu->work = WORK_PLAIN;
    cpu->count = 0;
}

static void end(struct cpu *cpu)
{
    struct longest *class = &classes[cpu->cause * WORKS + cpu->work];

    cpu->inside = false;
    class->stays++;
    if (cpu->count > class->count) {
        uint64_t kept = cpu->count < PATH_SIZE ? cpu->count : PATH_SIZE;

        memcpy(class->path, cpu->path, kept * sizeof(cpu->path[0]));
        class->count = cpu->count;
    }
}

static void executed(unsigned index, void *data)
{
    const struct instruction *instruction = data;
    struct cpu *cpu = &cpus[index];

    if (instruction->event == EVENT_VECTOR) {
        begin(cpu, instruction->vector);
    }
    if (cpu->count < PATH_SIZE) {
        cpu->path[cpu->count] = instruction->offset;
    }
    cpu->count++;
    if (instruction->event == EVENT_CONSOLE && cpu->work < WORK_CONSOLE) {
        cpu->work = WORK_CONSOLE;
    } else if (instruction->event == EVENT_LIFE) {
        cpu->work = WORK_LIFE;
    } else if (instruction->event == EVENT_RETURN) {
        if (cpu->inside) {
            end(cpu);
        }
        cpu->guest = 0;
    }
}

static void guest_executed(unsigned index, void *data)
{
    cpus[index].guest = (uint32_t)(uintptr_t)data;
}

static enum event event_of(uint64_t address, uint32_t opcode)
{
    uint64_t offset = address - vectors;

    if (offset - VECTOR_LOWER < 8 * VECTOR_SIZE && offset % VECTOR_SIZE == 0) {
        return EVENT_VECTOR;
    }
    if (opcode == 0xd69f03e0u) { /* ERET */
        return EVENT_RETURN;
    }
    if (opcode == 0xd503207fu || (opcode & 0xffffffe0u) == 0xd51c2100u) {
        return EVENT_LIFE; /* WFI: no vCPU runs; MSR VTTBR_EL2: one begins anew */
    }
    return address == console ? EVENT_CONSOLE : EVENT_NONE;
}

static struct instruction *instruction_of(uint64_t address, uint32_t opcode)
{
    struct instruction *found = &code[(address - image_start) / 4];

    found->offset = (uint32_t)(address - image_start);
    found->event = event_of(address, opcode);
    found->vector = (unsigned)((address - vectors) / VECTOR_SIZE) % 4;
    return found;
}

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
    size_t count = qemu_plugin_tb_n_insns(tb);

    (void)id;
    for (size_t index = 0; index < count; index++) {
        struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, index);
        uintptr_t host = (uintptr_t)qemu_plugin_insn_haddr(insn);
        uint64_t address;
        uint32_t opcode;

        memcpy(&opcode, qemu_plugin_insn_data(insn), sizeof(opcode));
        if (reset_host == 0) {
            reset_host = host;
        }
        address = RESET_PC + (host - reset_host);
        if (address >= image_start && address < image_end) {
            qemu_plugin_register_vcpu_insn_exec_cb(insn, executed, QEMU_PLUGIN_CB_NO_REGS,
                                                   instruction_of(address, opcode));
        } else if (may_leave(opcode) || index + 1 == count) {
            qemu_plugin_register_vcpu_insn_exec_cb(insn, guest_executed, QEMU_PLUGIN_CB_NO_REGS,
                                                   (void *)(uintptr_t)opcode);
        }
    }
}

static bool map_classes(const char *path)
{
    size_t size = CAUSES * WORKS * sizeof(struct longest);
    int file = open(path, O_RDWR | O_CREAT | O_TRUNC, 0666);

    if (file < 0 || ftruncate(file, (off_t)size) != 0) {
        return false;
    }
    classes = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    close(file);
    return classes != MAP_FAILED;
}

int qemu_plugin_install(qemu_plugin_id_t id, const void *info, int argc, char **argv)
{
    const char *path = NULL;

    (void)info;
    for (int index = 0; index < argc; index++) {
        char *value = strchr(argv[index], '=') + 1;

        if (strncmp(argv[index], "out=", 4) == 0) {
            path = value;
        } else if (strncmp(argv[index], "image=", 6) == 0) {
            image_start = strtoull(value, &value, 16);
            image_end = strtoull(value + 1, NULL, 16);
        } else if (strncmp(argv[index], "vectors=", 8) == 0) {
            vectors = strtoull(value, NULL, 16);
        } else if (strncmp(argv[index], "console=", 8) == 0) {
            console = strtoull(value, NULL, 16);
        }
    }
    if (path == NULL || !map_classes(path)) {
        perror("out=FILE");
        return 1;
    }
    cpus = calloc(CPUS, sizeof(*cpus));
    code = calloc((image_end - image_start) / 4, sizeof(*code));
    if (cpus == NULL || code == NULL) {
        return 1;
    }
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    return 0;
}
