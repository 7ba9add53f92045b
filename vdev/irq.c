/* SPDX-License-Identifier: Apache-2.0 */
#include "vdev/irq.h"

#include "arch/arch.h"
#include "platform/console.h"
#include "platform/log.h"
#include "platform/panic.h"
#include "vdev/alarm.h"
#include "vdev/console_keys.h"
#include "vdev/trace.h"
#include "vdev/vgic.h"
#include "vdev/vm.h"

#define IRQ_SGI_COUNT 16u
#define IRQ_SPI_FIRST 32u
/* Private interrupts that a guest's own devices raise: its virtual and its physical timer (Arm BSA
 * 1.0, table 9). */
#define IRQ_GUEST_PRIVATE ((1u << 27) | (1u << 30))

/* Taken and done with. */
static void irq_finish(uint32_t intid)
{
    arch_irq_drop(intid);
    arch_irq_deactivate(intid);
}

/* Off, or it would come back at once. */
static void irq_silence(uint32_t intid)
{
    arch_irq_disable(intid / 32, 1u << (intid % 32));
    irq_finish(intid);
}

/* An interrupt that nobody here expects. */
static void irq_refuse(uint32_t intid)
{
    irq_silence(intid);
    log_warn("interrupt %u has no owner on CPU %u: disabled", (unsigned)intid,
             (unsigned)arch_cpu_index());
}

static bool vcpu_is_on(const struct vcpu *vcpu)
{
    return vcpu != NULL && atomic_load_explicit(&vcpu->power, memory_order_relaxed) == VCPU_ON;
}

/* Any vCPU of the VM will do: the first one that is on, else the first, which finds the request
 * when it starts. */
static void console_notify(uint32_t voice)
{
    int16_t vm = console_voice_rows[voice].vm;

    if (vm < 0) {
        return;
    }
    struct vcpu *first = &vcpus[vm_rows[vm].vcpu_first];
    struct vcpu *told = first;

    for (uint32_t i = 0; i < vcpu_count_of(&vm_rows[vm]); i++) {
        if (vcpu_is_on(&first[i])) {
            told = &first[i];
            break;
        }
    }
    vcpu_request(told, VCPU_REQUEST_CONSOLE);
}

/* In ticks: when the CPU's timer is to serve the console, whose interrupt is off; 0: never.  Each
 * its CPU's own. */
static uint64_t console_due[PCPU_COUNT];

static void console_serve(uint64_t *due)
{
    bool pauses = console_interrupt(console_notify, CONFIG_CONSOLE_KEYS ? console_keys_take : NULL);

    *due = pauses ? arch_time_now() + arch_time_hz() * CONSOLE_PAUSE_US / 1000000 : 0;
    if (pauses) {
        alarm_ask(*due);
    }
}

/* The CPU's timer came, for whomever. true: it was the console's. */
static bool console_alarm(void)
{
    uint64_t *due = &console_due[arch_cpu_index()];

    if (*due == 0) {
        return false;
    }
    if (arch_time_now() < *due) {
        alarm_ask(*due);
        return false;
    }
    console_serve(due);
    return true;
}

/* An alarm that comes would wake the CPU that halts, again and again. */
static void panic_look(void)
{
    if (atomic_load_explicit(&panic_begun, memory_order_relaxed)) {
        arch_time_alarm(UINT64_MAX);
    }
    panic_check();
}

/* Own CPU's, word 0. false: the console was served. */
static bool irq_take_private(struct vcpu *vcpu, uint32_t intid)
{
    if (intid < IRQ_SGI_COUNT) {
        panic_look();
        irq_finish(intid);
        if (vcpu != NULL) {
            vgic_take_sgis(vcpu);
        }
    } else if (intid == ARCH_IRQ_TIMER) {
        alarm_take(vcpu);
        bool served = console_alarm();
        irq_finish(intid);
        return !served;
    } else if (intid == ARCH_IRQ_MAINTENANCE) {
        if (vcpu != NULL) {
            vgic_refill(vcpu);
        }
        irq_finish(intid);
    } else if ((IRQ_GUEST_PRIVATE & (1u << intid)) != 0 && vcpu_is_on(vcpu)) {
        arch_irq_drop(intid);
        vgic_inject_hardware(vcpu, intid);
    } else {
        irq_refuse(intid);
    }
    return true;
}

/* May this CPU give an interrupt to the VM?  Its vCPU may be off while others of the VM run. */
static bool irq_reaches_vm(const struct vcpu *vcpu, uint32_t vm)
{
    return vcpu != NULL && vcpu->vm == vm &&
           atomic_load_explicit(&vms[vm].state, memory_order_relaxed) == VM_RUNNING;
}

/* false: the console's, which may be raised again at once while there is output. */
static bool irq_take_shared(struct vcpu *vcpu, uint32_t intid)
{
    uint32_t index = intid - IRQ_SPI_FIRST;
    const struct irq_row *row = index < (uint32_t)IRQ_COUNT ? &irq_rows[index] : NULL;
    bool is_vms = LINKED_SPI_COUNT > 0 && row != NULL && row->owner == IRQ_VM;

    if (is_vms && irq_reaches_vm(vcpu, row->vm)) {
        arch_irq_drop(intid);
        vgic_inject_hardware(vcpu, row->guest_intid);
    } else if (row != NULL && CONFIG_INTERRUPTS_PASSTHROUGH && row->owner == IRQ_IPI) {
        panic_look();
        irq_finish(intid);
    } else if (row != NULL && row->owner == IRQ_CONSOLE) {
        arch_irq_drop(intid);
        console_serve(&console_due[arch_cpu_index()]);
        arch_irq_deactivate(intid);
        return false;
    } else if (is_vms && vcpu != NULL && vcpu->vm == row->vm) {
        irq_silence(intid); /* the VM is stopping: its next run enables what it wants */
    } else {
        irq_refuse(intid);
    }
    return true;
}

/* One round of the console a call, so that requests are served between; what is still pending
 * interrupts the guest, or the wait, at once. */
void irq_take(struct vcpu *vcpu)
{
    bool more = true;

    while (more) {
        uint32_t intid = arch_irq_ack();
        if (intid == ARCH_IRQ_SPURIOUS) {
            return;
        }
        if (CONFIG_TRACE) {
            trace_irq(vcpu, intid);
        }
        if (intid < IRQ_SPI_FIRST) {
            more = irq_take_private(vcpu, intid);
        } else {
            more = irq_take_shared(vcpu, intid);
        }
    }
}
