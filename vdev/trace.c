/* SPDX-License-Identifier: Apache-2.0 */
#include "vdev/trace.h"

#include "arch/arch.h"
#include "platform/log.h"
#include <tables.h>

struct trace_record {
    uint64_t time;    /* ticks */
    uint64_t address; /* GPA, system register encoding, or first argument of a call */
    uint64_t value;
    enum exit_kind kind;
    bool write;
};

struct trace_ring {
    uint32_t count; /* exits ever */
    struct trace_record records[TRACE_DEPTH];
};

static struct trace_ring rings[VCPU_COUNT];

static const char *kind_words(enum exit_kind kind)
{
    static const char *const words[] = {
        [EXIT_IRQ] = "interrupt",          [EXIT_MMIO] = "device", [EXIT_PORT] = "port",
        [EXIT_SYSREG] = "system register", [EXIT_CALL] = "call",   [EXIT_IDLE] = "idle",
        [EXIT_UNDEF] = "undefined",        [EXIT_ABORT] = "abort", [EXIT_CRASH] = "crash",
    };

    return words[kind];
}

void trace_exit(const struct vcpu *vcpu, const struct exit *exit)
{
    struct trace_ring *ring = &rings[vcpu->index];
    struct trace_record *record = &ring->records[ring->count++ % TRACE_DEPTH];

    *record = (struct trace_record){ .time = arch_time_now(), .kind = exit->kind };
    switch (exit->kind) {
    case EXIT_PORT:
        record->address = exit->port.port;
        record->value = exit->port.value;
        record->write = exit->port.write;
        break;
    case EXIT_MMIO:
        record->address = exit->access.gpa.addr;
        record->value = exit->access.value;
        record->write = exit->access.write;
        break;
    case EXIT_SYSREG:
        record->address = exit->sysreg.encoding;
        record->value = exit->sysreg.value;
        record->write = exit->sysreg.write;
        break;
    case EXIT_CALL:
        record->address = arch_reg_get(&vcpu->arch, 0);
        record->value = arch_reg_get(&vcpu->arch, 1);
        break;
    case EXIT_UNDEF:
    case EXIT_ABORT:
    case EXIT_CRASH:
        record->address = exit->fault.gpa.addr;
        record->value = exit->fault.syndrome;
        break;
    case EXIT_IRQ:
    case EXIT_IDLE:
        break;
    }
}

void trace_print(const struct vcpu *vcpu)
{
    const struct trace_ring *ring = &rings[vcpu->index];
    uint32_t kept = ring->count < TRACE_DEPTH ? ring->count : TRACE_DEPTH;

    log_error("  last %u of %u exits:", kept, ring->count);
    for (uint32_t n = ring->count - kept; n != ring->count; n++) {
        const struct trace_record *record = &ring->records[n % TRACE_DEPTH];

        log_error("  %llu: %s %s %#llx value %#llx", (unsigned long long)record->time,
                  kind_words(record->kind), record->write ? "write" : "at",
                  (unsigned long long)record->address, (unsigned long long)record->value);
    }
}
