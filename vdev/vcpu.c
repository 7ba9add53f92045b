/* SPDX-License-Identifier: Apache-2.0 */
#include "vdev/vcpu.h"

#include "platform/log.h"
#include "vdev/alarm.h"
#include "vdev/call.h"
#include "vdev/dispatch.h"
#include "vdev/irq.h"
#include "vdev/notice.h"
#include "vdev/port.h"
#include "vdev/sysreg.h"
#include "vdev/trace.h"
#include "vdev/vdev.h"
#include "vdev/vgic.h"
#include "vdev/vm.h"

struct vcpu vcpus[VCPU_COUNT];

static uint64_t mask_to_size(uint64_t value, unsigned size)
{
    return size >= 8 ? value : value & ((UINT64_C(1) << (8 * size)) - 1);
}

/* VDEV_SIZE_* are the sizes themselves, as bits. */
static bool access_fits(const struct mmio_row *row, const struct exit_access *access)
{
    return (row->ops->sizes & access->size) != 0 && access->gpa.addr % access->size == 0;
}

static void refuse_mmio(struct vcpu *vcpu, const struct exit *exit, const struct mmio_row *row)
{
    notice(vcpu, "%s of %u bytes at %#llx: %s%s", exit->access.write ? "write" : "read",
           (unsigned)exit->access.size, (unsigned long long)exit->access.gpa.addr,
           row == NULL ? "no device is there" : "not a width or alignment of ",
           row == NULL ? "" : row->ops->name);
    arch_vcpu_inject(&vcpu->arch, exit, ARCH_FAULT_ABORT);
}

static void serve_mmio(struct vcpu *vcpu, const struct exit *exit)
{
    const struct exit_access *access = &exit->access;
    const struct mmio_row *row = dispatch_mmio(vcpu->vm_row, access->gpa, access->size);
    uint64_t value = 0;

    if (row == NULL || !access_fits(row, access)) {
        refuse_mmio(vcpu, exit, row);
        return;
    }
    uint64_t offset = access->gpa.addr - row->base.addr;

    if (access->write) {
        value = mask_to_size(access->value, access->size);
        row->ops->write(vcpu, row->instance, offset, access->size, value);
    } else {
        value = row->ops->read(vcpu, row->instance, offset, access->size);
        value = mask_to_size(value, access->size);
    }
    if (CONFIG_INTERRUPTS_PASSTHROUGH) {
        vgic_lines(vcpu);
    }
    arch_vcpu_complete(&vcpu->arch, exit, value);
}

static void serve_sysreg(struct vcpu *vcpu, const struct exit *exit)
{
    const struct exit_sysreg *access = &exit->sysreg;
    const struct sysreg_row *row = dispatch_sysreg(vcpu->vm_row, access->encoding);
    uint64_t value = access->value;
    bool allowed = false;

    if (row != NULL) {
        const struct sysreg_ops *ops = sysreg_kinds[row->kind];

        allowed = access->write ? ops->write(vcpu, row, value) : ops->read(vcpu, row, &value);
    }
    if (allowed) {
        arch_vcpu_complete(&vcpu->arch, exit, value);
    } else {
        notice(vcpu, "%s system register " ARCH_SYSREG_FORMAT ": not granted",
               access->write ? "write of" : "read of", ARCH_SYSREG_FIELDS(access->encoding));
        arch_vcpu_inject(&vcpu->arch, exit, ARCH_FAULT_UNDEF);
    }
}

static void refuse(struct vcpu *vcpu, const struct exit *exit, enum arch_fault fault)
{
    notice(vcpu, "%s: address %#llx, guest-physical %#llx", exit->fault.words,
           (unsigned long long)exit->fault.address, (unsigned long long)exit->fault.gpa.addr);
    arch_vcpu_inject(&vcpu->arch, exit, fault);
}

static void crash_details(const struct vcpu *vcpu)
{
    arch_vcpu_dump(&vcpu->arch);
    if (CONFIG_TRACE && LOG_KEPT(LOG_ERROR)) {
        trace_print(vcpu, LOG_ERROR);
    }
}

static void serve_crash(struct vcpu *vcpu, const struct exit_fault *fault)
{
    log_error("%s: vCPU %u crashed: %s", vcpu->vm_row->name, (unsigned)vcpu->row->index,
              fault->words);
    log_error("  address %#llx  guest-physical %#llx  syndrome %#llx",
              (unsigned long long)fault->address, (unsigned long long)fault->gpa.addr,
              (unsigned long long)fault->syndrome);
    crash_details(vcpu);
    vcpu->end = VCPU_END_CRASH;
}

static void serve_exit(struct vcpu *vcpu, const struct exit *exit)
{
    switch (exit->kind) {
    case EXIT_IRQ:
        irq_take(vcpu);
        break;
    case EXIT_MMIO:
        serve_mmio(vcpu, exit);
        break;
    case EXIT_PORT:
        if (CONFIG_VDEV_PORT) {
            port_serve(vcpu, exit);
        }
        break;
    case EXIT_SYSREG:
        serve_sysreg(vcpu, exit);
        break;
    case EXIT_CALL:
        call_serve(vcpu, &exit->call);
        break;
    case EXIT_IDLE: /* the instruction may end at any time (Arm ARM D1.6.1); this is one */
        break;
    case EXIT_UNDEF:
        refuse(vcpu, exit, ARCH_FAULT_UNDEF);
        break;
    case EXIT_ABORT:
        refuse(vcpu, exit, ARCH_FAULT_ABORT);
        break;
    case EXIT_CRASH:
        serve_crash(vcpu, &exit->fault);
        break;
    }
}

/* Release: what the sender wrote before is seen by vcpu_serve().  An IPI that comes while the
 * target is at EL2 stays pending and ends its next entry at once, so no request waits for another
 * exit. */
void vcpu_request(struct vcpu *vcpu, uint32_t requests)
{
    atomic_fetch_or_explicit(&vcpu->requests, requests, memory_order_release);
    if (vcpu->row->pcpu != arch_cpu_index()) {
        arch_ipi_send(vcpu->row->pcpu);
    }
}

/* The order itself is the home's, who looks at it when the VM is over. */
static enum vcpu_end serve_order(const struct vcpu *vcpu)
{
    enum vcpu_end end = vm_order_end(vcpu->vm);

    if (end == VCPU_END_CRASH) {
        log_error("%s: vCPU %u at the watchdog's end:", vcpu->vm_row->name,
                  (unsigned)vcpu->row->index);
        crash_details(vcpu);
    }
    return end;
}

/* A recall comes first: another CPU waits for it.  VCPU_REQUEST_START is for the caller of
 * vcpu_run(), who looks at `power`. */
enum vcpu_end vcpu_serve(struct vcpu *vcpu)
{
    uint32_t requests = atomic_exchange_explicit(&vcpu->requests, 0, memory_order_acquire);

    if (VCPU_MAX_PER_VM > 1 && (requests & VCPU_REQUEST_RECALL) != 0) {
        vgic_recall(vcpu);
    }
    if ((requests & VCPU_REQUEST_INBOX) != 0) {
        vgic_take_inbox(vcpu);
    }
    if (VUART_COUNT > 0 && (requests & VCPU_REQUEST_CONSOLE) != 0) {
        vdev_poll(vcpu);
    }
    if ((requests & VCPU_REQUEST_VGIC) != 0) {
        vgic_refill(vcpu);
    }
    if ((requests & VCPU_REQUEST_STOP) != 0) {
        return VCPU_END_STOPPED;
    }
    return ORDER_VM_COUNT > 0 && (requests & VCPU_REQUEST_ORDER) != 0 ? serve_order(vcpu)
                                                                      : VCPU_END_NONE;
}

/* What the guest itself ended goes before a stop that came at the same time. */
static enum vcpu_end run(struct vcpu *vcpu)
{
    struct exit exit;

    vcpu->end = VCPU_END_NONE;
    for (;;) {
        if (CONFIG_STOP_NEXT_EXIT) {
            alarm_poll(vcpu);
        }
        if (atomic_load_explicit(&vcpu->requests, memory_order_relaxed) != 0) {
            enum vcpu_end end = vcpu_serve(vcpu);
            if (end != VCPU_END_NONE) {
                return end;
            }
        }
        if (CONFIG_TRACE) {
            trace_resume(vcpu, &exit);
        }
        arch_vcpu_enter(&vcpu->arch, &exit);
        if (CONFIG_TRACE) {
            trace_exit(vcpu, &exit);
        }
        serve_exit(vcpu, &exit);
        if (vcpu->end != VCPU_END_NONE) {
            if (CONFIG_TRACE) {
                trace_resume(vcpu, &exit);
            }
            return vcpu->end;
        }
    }
}

enum vcpu_end vcpu_run(struct vcpu *vcpu)
{
    if (CONFIG_TRACE) {
        trace_run_begin(vcpu);
    }
    enum vcpu_end end = run(vcpu);

    if (CONFIG_TRACE) {
        trace_run_end(vcpu, end);
    }
    return end;
}
