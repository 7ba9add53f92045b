/* SPDX-License-Identifier: Apache-2.0 */

#include "arch/arch.h"
#include "platform/format.h"
#include "platform/log.h"
#include "vdev/call.h"
#include "vdev/ivc.h"
#include "vdev/psci.h"
#include "vdev/trace.h"

#define PRINTED_MAX 32u
#define WORDS_SIZE 80u

const char *const trace_kind_names[TRACE_KINDS] = {
    [EXIT_IRQ] = "interrupt",
    [EXIT_MMIO] = "device",
    [EXIT_PORT] = "port",
    [EXIT_SYSREG] = "system register",
    [EXIT_CALL] = "call",
    [EXIT_IDLE] = "idle",
    [EXIT_UNDEF] = "undefined instruction",
    [EXIT_ABORT] = "abort",
    [EXIT_CRASH] = "crash",
};

const struct trace_call_name trace_call_names[] = {
    { SMCCC_VERSION, "SMCCC_VERSION" },
    { SMCCC_ARCH_FEATURES, "SMCCC_ARCH_FEATURES" },
    { SMCCC_ARCH_WORKAROUND_1, "SMCCC_ARCH_WORKAROUND_1" },
    { SMCCC_ARCH_WORKAROUND_2, "SMCCC_ARCH_WORKAROUND_2" },
    { SMCCC_ARCH_WORKAROUND_3, "SMCCC_ARCH_WORKAROUND_3" },
    { PSCI_VERSION, "PSCI_VERSION" },
    { PSCI_CPU_SUSPEND, "PSCI_CPU_SUSPEND" },
    { PSCI_CPU_OFF, "PSCI_CPU_OFF" },
    { PSCI_CPU_ON, "PSCI_CPU_ON" },
    { PSCI_AFFINITY_INFO, "PSCI_AFFINITY_INFO" },
    { PSCI_MIGRATE_INFO_TYPE, "PSCI_MIGRATE_INFO_TYPE" },
    { PSCI_SYSTEM_OFF, "PSCI_SYSTEM_OFF" },
    { PSCI_SYSTEM_RESET, "PSCI_SYSTEM_RESET" },
    { PSCI_FEATURES, "PSCI_FEATURES" },
    { PSCI_SYSTEM_RESET2, "PSCI_SYSTEM_RESET2" },
    { IVC_PUBLISH, "IVC_PUBLISH" },
    { IVC_SUBSCRIBE, "IVC_SUBSCRIBE" },
    { IVC_UNPUBLISH, "IVC_UNPUBLISH" },
    { IVC_UNSUBSCRIBE, "IVC_UNSUBSCRIBE" },
};

static const char *call_name(uint32_t function)
{
    const uint32_t count = sizeof(trace_call_names) / sizeof(trace_call_names[0]);

    for (uint32_t n = 0; n < count; n++) {
        if (trace_call_names[n].function == (function & ~CALL_64)) {
            return trace_call_names[n].name;
        }
    }
    return "unknown";
}

/* What was accessed: "countdown + 0x4", "CNTP_CTL_EL0". */
static void access_words(char words[WORDS_SIZE], const struct vcpu *vcpu,
                         const struct trace_exit *record)
{
    const struct name_row *names = &name_rows[vcpu->vm];
    const struct vm_row *vm = vcpu->vm_row;
    bool found = record->row != TRACE_NO_ROW;

    if (record->kind == EXIT_SYSREG && found) {
        (void)format_text(words, WORDS_SIZE, "%s", names->sysreg[record->row]);
    } else if (record->kind == EXIT_SYSREG) {
        uint32_t encoding = (uint32_t)record->address;
        (void)format_text(words, WORDS_SIZE, ARCH_SYSREG_FORMAT, ARCH_SYSREG_FIELDS(encoding));
    } else if (!found) {
        (void)format_text(words, WORDS_SIZE, "nothing at %#llx",
                          (unsigned long long)record->address);
    } else if (record->kind == EXIT_PORT) {
        (void)format_text(words, WORDS_SIZE, "%s at port %#llx", names->port[record->row],
                          (unsigned long long)record->address);
    } else {
        (void)format_text(words, WORDS_SIZE, "%s + %#llx", names->mmio[record->row],
                          (unsigned long long)(record->address - vm->mmio[record->row].base.addr));
    }
}

static void irq_words(char words[WORDS_SIZE], uint64_t intid)
{
    const char *name = intid < IRQ_NAME_COUNT ? irq_names[intid] : NULL;

    (void)format_text(words, WORDS_SIZE, "interrupt %u (%s)", (unsigned)intid,
                      name != NULL ? name : "nobody's");
}

static void record_words(char words[WORDS_SIZE], const struct vcpu *vcpu,
                         const struct trace_exit *record)
{
    char what[WORDS_SIZE];

    switch (record->kind) {
    case EXIT_MMIO:
    case EXIT_PORT:
    case EXIT_SYSREG:
        access_words(what, vcpu, record);
        (void)format_text(words, WORDS_SIZE, "%s %#llx %s %s", record->write ? "wrote" : "read",
                          (unsigned long long)record->value, record->write ? "to" : "from", what);
        break;
    case EXIT_CALL:
        (void)format_text(words, WORDS_SIZE, "call %#x %s gave %lld", (unsigned)record->address,
                          call_name((uint32_t)record->address), (long long)record->value);
        break;
    case EXIT_IRQ:
        irq_words(words, record->address);
        break;
    case TRACE_RUN:
        (void)format_text(words, WORDS_SIZE, "stopped; had run for %llu",
                          (unsigned long long)(record->value - record->start));
        break;
    default:
        (void)format_text(words, WORDS_SIZE, "%s at %#llx", trace_kind_names[record->kind],
                          (unsigned long long)record->address);
        break;
    }
}

/* A record may be overwritten while another CPU reads it: false where it may have been. */
static bool record_read(const struct trace_vcpu *own, uint64_t n, struct trace_exit *exit)
{
    const struct trace_record *record = &own->records[n % CONFIG_TRACE_DEPTH];

    *exit = (struct trace_exit){
        .start = atomic_load_explicit(&record->start, memory_order_relaxed),
        .address = atomic_load_explicit(&record->address, memory_order_relaxed),
        .value = atomic_load_explicit(&record->value, memory_order_relaxed),
        .cost = atomic_load_explicit(&record->cost, memory_order_relaxed),
        .row = atomic_load_explicit(&record->row, memory_order_relaxed),
        .kind = atomic_load_explicit(&record->kind, memory_order_relaxed),
        .write = atomic_load_explicit(&record->write, memory_order_relaxed),
    };
    atomic_thread_fence(memory_order_acquire);
    return atomic_load_explicit(&own->count, memory_order_relaxed) - n < CONFIG_TRACE_DEPTH;
}

void trace_print(const struct vcpu *vcpu, enum log_level level)
{
    const struct trace_vcpu *own = &trace.vcpus[vcpu->index];
    uint64_t count = atomic_load_explicit(&own->count, memory_order_acquire);
    uint64_t most = CONFIG_TRACE_DEPTH < PRINTED_MAX ? CONFIG_TRACE_DEPTH : PRINTED_MAX;
    uint64_t kept = count < most ? count : most;
    uint64_t now = arch_time_now();

    log_line(level, "  its last %u exits of %llu (ticks ago, %llu a second):", (unsigned)kept,
             (unsigned long long)count, (unsigned long long)arch_time_hz());
    for (uint64_t n = count - kept; n < count; n++) {
        struct trace_exit record;
        char words[WORDS_SIZE];

        if (record_read(own, n, &record)) {
            record_words(words, vcpu, &record);
            log_line(level, "  %10llu: %s", (unsigned long long)(now - record.start), words);
        }
    }
}

void trace_print_counters(const struct vcpu *vcpu, enum log_level level)
{
    const struct trace_vcpu *own = &trace.vcpus[vcpu->index];

    for (uint32_t kind = 0; kind < TRACE_KINDS; kind++) {
        const struct trace_counter *counter = &own->kinds[kind];
        unsigned long long count = atomic_load_explicit(&counter->count, memory_order_relaxed);
        unsigned long long cost = atomic_load_explicit(&counter->cost, memory_order_relaxed);
        unsigned long long most = atomic_load_explicit(&counter->most, memory_order_relaxed);

        if (count > 0) {
            log_line(level, "  %10llu %s, %llu ticks, the dearest %llu", count,
                     trace_kind_names[kind], cost, most);
        }
    }
}
