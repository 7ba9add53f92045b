/* SPDX-License-Identifier: Apache-2.0 */
#include "vdev/trace.h"

#include "arch/arch.h"
#include "vdev/dispatch.h"

struct trace trace;

static struct trace_vcpu *own_of(const struct vcpu *vcpu)
{
    return &trace.vcpus[vcpu->index];
}

/* The record after the last one that is counted. */
static struct trace_record *next_of(struct trace_vcpu *own)
{
    uint64_t count = atomic_load_explicit(&own->count, memory_order_relaxed);

    return &own->records[count % CONFIG_TRACE_DEPTH];
}

/* The record of an exit that begins: it overwrites the oldest one, and who reads that meanwhile
 * finds by the count that it did (trace_print.c): the fence orders the count before what comes now.
 */
static struct trace_record *record_begin(struct trace_vcpu *own)
{
    atomic_thread_fence(memory_order_release);
    return next_of(own);
}

/* Release: who sees the count finds the record whole. */
static void record_done(struct trace_vcpu *own)
{
    uint64_t count = atomic_load_explicit(&own->count, memory_order_relaxed);

    atomic_store_explicit(&own->count, count + 1, memory_order_release);
}

static void counter_add(struct trace_counter *counter, uint64_t cost)
{
    counter->count++;
    counter->cost += cost;
    counter->most = cost > counter->most ? cost : counter->most;
}

static void fill(struct trace_record *record, const struct vcpu *vcpu, const struct exit *exit)
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
    struct trace_record *record = record_begin(own);

    *record = (struct trace_record){
        .start = arch_time_now(),
        .row = TRACE_NO_ROW,
        .kind = (uint8_t)exit->kind,
    };
    fill(record, vcpu, exit);
    own->open = true;
}

void trace_irq(const struct vcpu *vcpu, uint32_t intid)
{
    if (vcpu != NULL && own_of(vcpu)->open && next_of(own_of(vcpu))->kind == EXIT_IRQ) {
        next_of(own_of(vcpu))->address = intid;
    }
}

/* What is known only now: the row, and what a read or a call gave. */
static struct trace_counter *finish(struct trace_vcpu *own, struct trace_record *record,
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
    struct trace_record *record = next_of(own);

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
    record_done(own);
}

void trace_run_begin(struct vcpu *vcpu)
{
    trace.hz = arch_time_hz();
    own_of(vcpu)->run_start = arch_time_now();
}

void trace_run_end(struct vcpu *vcpu, enum vcpu_end end)
{
    struct trace_vcpu *own = own_of(vcpu);

    *record_begin(own) = (struct trace_record){
        .start = own->run_start,
        .address = end,
        .value = arch_time_now(),
        .row = TRACE_NO_ROW,
        .kind = TRACE_RUN,
    };
    own->run_start = 0;
    record_done(own);
}
