/* SPDX-License-Identifier: Apache-2.0 */
#include "vdev/trace.h"

#include "arch/arch.h"
#include "vdev/dispatch.h"

struct trace trace;

static struct trace_vcpu *own_of(const struct vcpu *vcpu)
{
    return &trace.vcpus[vcpu->index];
}

/* The next record; it overwrites the oldest one, and who reads that meanwhile finds by the count
 * that it did (trace_print.c): the fence orders the count before what comes now, and who sees the
 * new count (release) finds the record whole. */
static void record_put(struct trace_vcpu *own, const struct trace_exit *exit)
{
    uint64_t count = atomic_load_explicit(&own->count, memory_order_relaxed);
    struct trace_record *record = &own->records[count % CONFIG_TRACE_DEPTH];

    atomic_thread_fence(memory_order_release);
    atomic_store_explicit(&record->start, exit->start, memory_order_relaxed);
    atomic_store_explicit(&record->address, exit->address, memory_order_relaxed);
    atomic_store_explicit(&record->value, exit->value, memory_order_relaxed);
    atomic_store_explicit(&record->cost, exit->cost, memory_order_relaxed);
    atomic_store_explicit(&record->row, exit->row, memory_order_relaxed);
    atomic_store_explicit(&record->kind, exit->kind, memory_order_relaxed);
    atomic_store_explicit(&record->write, exit->write, memory_order_relaxed);
    atomic_store_explicit(&own->count, count + 1, memory_order_release);
}

/* Own CPU alone changes it. */
static void add_to(_Atomic uint64_t *number, uint64_t by)
{
    uint64_t old = atomic_load_explicit(number, memory_order_relaxed);

    atomic_store_explicit(number, old + by, memory_order_relaxed);
}

static void counter_add(struct trace_counter *counter, uint64_t cost)
{
    add_to(&counter->count, 1);
    add_to(&counter->cost, cost);
    if (cost > atomic_load_explicit(&counter->most, memory_order_relaxed)) {
        atomic_store_explicit(&counter->most, cost, memory_order_relaxed);
    }
}

static void fill(struct trace_exit *record, const struct vcpu *vcpu, const struct exit *exit)
{
    switch (exit->kind) {
    case EXIT_MMIO:
        record->address = exit->access.gpa.addr;
        record->value = exit->access.value;
        record->write = exit->access.write;
        break;
    case EXIT_PORT:
        record->address = exit->port.port;
        record->value = exit->port.value;
        record->write = exit->port.write;
        break;
    case EXIT_SYSREG:
        record->address = exit->sysreg.encoding;
        record->value = exit->sysreg.value;
        record->write = exit->sysreg.write;
        break;
    case EXIT_CALL:
        record->address = arch_reg_get(&vcpu->arch, 0);
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

void trace_exit(const struct vcpu *vcpu, const struct exit *exit)
{
    struct trace_vcpu *own = own_of(vcpu);

    own->now = (struct trace_exit){
        .start = arch_time_now(),
        .row = TRACE_NO_ROW,
        .kind = (uint8_t)exit->kind,
    };
    fill(&own->now, vcpu, exit);
    own->open = true;
}

void trace_irq(const struct vcpu *vcpu, uint32_t intid)
{
    if (vcpu != NULL && own_of(vcpu)->open && own_of(vcpu)->now.kind == EXIT_IRQ) {
        own_of(vcpu)->now.address = intid;
    }
}

/* What is known only now: the row, and what a read or a call gave. */
static struct trace_counter *finish(struct trace_vcpu *own, struct trace_exit *record,
                                    const struct vcpu *vcpu, const struct exit *exit)
{
    const struct vm_row *vm = vcpu->vm_row;

    if (exit->kind == EXIT_MMIO) {
        const struct mmio_row *row = dispatch_mmio(vm, exit->access.gpa, exit->access.size);

        record->value = record->write ? record->value : arch_reg_get(&vcpu->arch, exit->access.reg);
        record->row = row == NULL ? TRACE_NO_ROW : (uint16_t)(row - vm->mmio);
        return row == NULL ? NULL : &own->mmio[record->row];
    }
    if (exit->kind == EXIT_PORT) {
        const struct port_row *row = dispatch_port(vm, exit->port.port, 1);

        record->row = row == NULL ? TRACE_NO_ROW : (uint16_t)(row - vm->port);
        return row == NULL ? NULL : &own->port[record->row];
    }
    if (exit->kind == EXIT_SYSREG) {
        const struct sysreg_row *row = dispatch_sysreg(vm, exit->sysreg.encoding);

        record->value = record->write ? record->value : arch_reg_get(&vcpu->arch, exit->sysreg.reg);
        record->row = row == NULL ? TRACE_NO_ROW : (uint16_t)(row - vm->sysreg);
        return row == NULL ? NULL : &own->sysreg[record->row];
    }
    if (exit->kind == EXIT_CALL) {
        record->value = arch_reg_get(&vcpu->arch, 0);
    }
    return NULL;
}

void trace_resume(const struct vcpu *vcpu, const struct exit *exit)
{
    struct trace_vcpu *own = own_of(vcpu);
    struct trace_exit *record = &own->now;

    if (!own->open) {
        return;
    }
    uint64_t cost = arch_time_now() - record->start;
    struct trace_counter *row = finish(own, record, vcpu, exit);

    record->cost = cost < UINT32_MAX ? (uint32_t)cost : UINT32_MAX;
    counter_add(&own->kinds[record->kind], cost);
    if (row != NULL) {
        counter_add(row, cost);
    }
    own->open = false;
    record_put(own, record);
}

void trace_run_begin(struct vcpu *vcpu)
{
    atomic_store_explicit(&trace.hz, arch_time_hz(), memory_order_relaxed);
    own_of(vcpu)->run_start = arch_time_now();
}

void trace_run_end(struct vcpu *vcpu, enum vcpu_end end)
{
    struct trace_vcpu *own = own_of(vcpu);

    const struct trace_exit run = {
        .start = own->run_start,
        .address = end,
        .value = arch_time_now(),
        .row = TRACE_NO_ROW,
        .kind = TRACE_RUN,
    };

    own->run_start = 0;
    record_put(own, &run);
}
