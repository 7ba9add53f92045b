/* SPDX-License-Identifier: Apache-2.0 */
/* sources: vdev/dispatch.c vdev/irq.c vdev/notice.c vdev/vcpu.c vdev/vm.c arch/fake/[a-z]*.c */
#include "arch/fake/fake.h"
#include "platform/console.h"
#include "platform/log.h"
#include "platform/panic.h"
#include "tests/unit/check.h"
#include "vdev/alarm.h"
#include "vdev/call.h"
#include "vdev/irq.h"
#include "vdev/port.h"
#include "vdev/sysreg.h"
#include "vdev/vcpu.h"
#include "vdev/vdev.h"
#include "vdev/vgic.h"
#include "vdev/vm.h"
#include "vdev/vpl011.h"

#include <string.h>

/* The exit loop and the taking of interrupts, with devices that write down what reaches them. */

static struct {
    uint32_t reads;
    uint32_t writes;
    uint32_t instance;
    uint64_t offset;
    unsigned size;
    uint64_t value;
} device;

static struct {
    uint32_t injected; /* INTID, 0: none */
    uint32_t refills;
    uint32_t sgis;
    uint32_t inboxes;
    uint32_t recalls;
    bool recall_asked;
    uint32_t lines;
    uint32_t polls;
    uint32_t alarms;
    uint64_t asked; /* alarm */
    bool pauses;    /* what the console answers */
    uint32_t consoles;
    uint32_t warnings;
    uint32_t panic_checks;
    uint32_t errors;
    uint32_t ports; /* the last one */
} seen;

static uint64_t device_read(struct vcpu *vcpu, uint32_t instance, uint64_t offset, unsigned size)
{
    (void)vcpu;
    device.reads++;
    device.instance = instance;
    device.offset = offset;
    device.size = size;
    return UINT64_C(0xfedcba9876543280);
}

static void device_write(struct vcpu *vcpu, uint32_t instance, uint64_t offset, unsigned size,
                         uint64_t value)
{
    (void)vcpu;
    device.writes++;
    device.instance = instance;
    device.offset = offset;
    device.size = size;
    device.value = value;
}

void port_serve(struct vcpu *vcpu, const struct exit *exit)
{
    (void)vcpu;
    seen.ports = exit->port.port;
}

void call_serve(struct vcpu *vcpu, const struct exit_call *call)
{
    (void)call;
    vcpu->end = arch_reg_get(&vcpu->arch, 0) == 0x84000008 ? VCPU_END_OFF : VCPU_END_NONE;
}

static const struct vdev_ops narrow_ops = {
    .name = "narrow", .sizes = 7, .read = device_read, .write = device_write
};
static const struct vdev_ops wide_ops = {
    .name = "wide", .sizes = 8, .read = device_read, .write = device_write
};

static bool sysreg_read(struct vcpu *vcpu, const struct sysreg_row *row, uint64_t *value)
{
    (void)vcpu;
    *value = row->value;
    return row->value != 0;
}

static bool sysreg_write(struct vcpu *vcpu, const struct sysreg_row *row, uint64_t value)
{
    (void)vcpu;
    device.value = value;
    return row->value == 0;
}

static const struct sysreg_ops sysreg_ops = { sysreg_read, sysreg_write };

static const struct mmio_row mmio[] = {
    { .base = GPA(0x1000), .size = 0x1000, .ops = &narrow_ops, .instance = 5 },
    { .base = GPA(0x2000), .size = 0x1000, .ops = &wide_ops, .instance = 6 },
};
static const struct sysreg_row sysregs[] = {
    { .encoding = 10, .kind = 1, .value = 0x77 }, /* read-only */
    { .encoding = 20, .kind = 1, .value = 0 },    /* write-only */
};
const struct sysreg_ops *const sysreg_kinds[] = { NULL, &sysreg_ops };

#define VM(text, first, count)                                                                     \
    {                                                                                              \
        .name = (text), .vcpu_first = (first), .vcpu_count = (count), .mmio = mmio,                \
        .mmio_count = 2, .sysreg = sysregs, .sysreg_count = 2                                      \
    }
const struct vm_row vm_rows[VM_COUNT] = { VM("one", 0, 2), VM("two", 2, 1), VM("three", 3, 3) };
const struct vcpu_row vcpu_rows[VCPU_COUNT] = {
    { .vm = 0, .pcpu = 0 }, { .vm = 0, .index = 1, .pcpu = 1 }, { .vm = 1, .pcpu = 2 },
    { .vm = 2, .pcpu = 3 }, { .vm = 2, .index = 1, .pcpu = 4 }, { .vm = 2, .index = 2, .pcpu = 5 },
};
const struct irq_row irq_rows[IRQ_COUNT] = {
    [1] = { .owner = IRQ_CONSOLE },
    [16] = { .owner = IRQ_VM, .vm = 0, .guest_intid = 60 },
    [17] = { .owner = IRQ_VM, .vm = 1, .guest_intid = 61 },
};
const struct console_voice_row console_voice_rows[CONSOLE_VOICE_COUNT] = {
    { .name = "hv", .vm = -1, .vuart = -1 },
    { .name = "one", .vm = 0, .vuart = 0 },
    { .name = "two", .vm = 1, .vuart = 1 },
    { .name = "three", .vm = 2, .vuart = 2 },
};

void vgic_inject_hardware(struct vcpu *vcpu, uint32_t intid)
{
    CHECK(vcpu != NULL);
    seen.injected = intid;
}

void vgic_take_sgis(struct vcpu *vcpu)
{
    CHECK(vcpu != NULL);
    seen.sgis++;
}
void vgic_refill(struct vcpu *vcpu)
{
    CHECK(vcpu != NULL);
    seen.refills++;
}

void vgic_take_inbox(struct vcpu *vcpu)
{
    (void)vcpu;
    CHECK(seen.recalls == 1 || !seen.recall_asked); /* a recall is served first */
    seen.inboxes++;
}

void vgic_lines(struct vcpu *vcpu)
{
    (void)vcpu;
    seen.lines++;
}

void vgic_recall(struct vcpu *vcpu)
{
    (void)vcpu;
    seen.recalls++;
}

void vdev_poll(struct vcpu *vcpu)
{
    (void)vcpu;
    seen.polls++;
}

void alarm_take(struct vcpu *alarmed)
{
    seen.alarms += alarmed == &vcpus[0];
}

void alarm_ask(uint64_t deadline)
{
    seen.asked = deadline;
}

bool console_interrupt(void (*notify)(uint32_t voice), int (*filter)(int c))
{
    CHECK(filter == NULL);
    seen.consoles++;
    notify(0); /* ours: nobody to tell */
    notify(1);
    notify(2);
    notify(3);
    return seen.pauses;
}

void log_line(enum log_level level, const char *format, ...)
{
    (void)format;
    seen.warnings += level == LOG_WARN;
    seen.errors += level == LOG_ERROR;
}

_Atomic bool panic_begun;

void panic_check(void)
{
    seen.panic_checks++;
}

/* --- The guest: gives one exit, then shuts its VM down --- */

static struct exit next_exit;
static uint32_t entries;

static void guest(struct arch_vcpu *arch, struct exit *exit)
{
    if (entries++ == 0) {
        *exit = next_exit;
        return;
    }
    arch->x[0] = 0x84000008;
    *exit = (struct exit){ .kind = EXIT_CALL };
}

static struct vcpu *const vcpu = &vcpus[0];

static void setup(void)
{
    fake_reset();
    memset(vcpus, 0, sizeof(vcpus));
    memset(vms, 0, sizeof(vms));
    memset(&device, 0, sizeof(device));
    memset(&seen, 0, sizeof(seen));
    for (uint16_t i = 0; i < VCPU_COUNT; i++) {
        vcpus[i].row = &vcpu_rows[i];
        vcpus[i].vm = vcpu_rows[i].vm;
        vcpus[i].vm_row = &vm_rows[vcpu_rows[i].vm];
        vcpus[i].index = i;
    }
    atomic_store(&vms[0].state, VM_RUNNING);
    atomic_store(&vcpu->power, VCPU_ON);
    fake_guest_set(guest);
    entries = 0;
}

static enum vcpu_end run(struct exit exit)
{
    setup();
    next_exit = exit;
    return vcpu_run(vcpu);
}

static struct exit access(uint64_t gpa, uint8_t size, bool write)
{
    return (struct exit){ .kind = EXIT_MMIO,
                          .access = { .gpa = GPA(gpa),
                                      .size = size,
                                      .write = write,
                                      .value = UINT64_C(0x1122334455667788),
                                      .reg64 = true,
                                      .reg = 3 } };
}

static void mmio_reads_are_masked(void)
{
    CHECK_EQ(run(access(0x1ffe, 2, false)), VCPU_END_OFF);
    CHECK_EQ(device.reads, 1);
    CHECK_EQ(device.instance, 5);
    CHECK_EQ(device.offset, 0xffe);
    CHECK_EQ(device.size, 2);
    CHECK_EQ(vcpu->arch.x[3], 0x3280);
    CHECK(fake_called(FAKE_CALL_COMPLETE, 0x3280, 0));
    CHECK_EQ(vcpu->arch.pc, 4);
    run(access(0x2008, 8, false));
    CHECK_EQ(vcpu->arch.x[3], UINT64_C(0xfedcba9876543280));
}

static void mmio_reads_extend(void)
{
    struct exit exit = access(0x1000, 1, false);

    exit.access.sign = true;
    run(exit);
    CHECK_EQ(vcpu->arch.x[3], UINT64_C(0xffffffffffffff80));
    exit.access.reg64 = false;
    run(exit);
    CHECK_EQ(vcpu->arch.x[3], 0xffffff80);
}

static void mmio_writes_are_masked(void)
{
    run(access(0x1004, 4, true));
    CHECK_EQ(device.writes, 1);
    CHECK_EQ(seen.lines, 1); /* lines that are high are looked at after each access */
    CHECK_EQ(device.offset, 4);
    CHECK_EQ(device.value, 0x55667788);
    CHECK_EQ(fake_calls(FAKE_CALL_COMPLETE), 1);
    CHECK_EQ(vcpu->arch.x[3], 0);
}

static void mmio_misuse_aborts(void)
{
    static const struct {
        uint64_t gpa;
        uint8_t size;
    } bad[] = {
        { 0xfff, 1 },  { 0x3000, 1 }, { 0x1002, 4 }, { 0x1001, 2 },
        { 0x1000, 8 }, { 0x2000, 4 }, { 0x2004, 8 }, { UINT64_MAX - 7, 8 },
    };

    for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        CHECK_EQ(run(access(bad[i].gpa, bad[i].size, i % 2 == 0)), VCPU_END_OFF);
        CHECK_EQ(device.reads + device.writes, 0);
        CHECK(fake_called(FAKE_CALL_INJECT, ARCH_FAULT_ABORT, 0));
        CHECK_EQ(fake_calls(FAKE_CALL_COMPLETE), 0);
    }
}

static struct exit sysreg(uint32_t encoding, bool write)
{
    return (
        struct exit){ .kind = EXIT_SYSREG,
                      .sysreg = { .encoding = encoding, .value = 0x99, .write = write, .reg = 4 } };
}

static void sysregs_by_direction(void)
{
    run(sysreg(10, false));
    CHECK_EQ(vcpu->arch.x[4], 0x77);
    CHECK_EQ(fake_calls(FAKE_CALL_INJECT), 0);
    run(sysreg(20, true));
    CHECK_EQ(device.value, 0x99);
    CHECK_EQ(vcpu->arch.x[4], 0);
    CHECK_EQ(fake_calls(FAKE_CALL_INJECT), 0);
    run(sysreg(10, true));
    CHECK(fake_called(FAKE_CALL_INJECT, ARCH_FAULT_UNDEF, 0));
    run(sysreg(20, false));
    CHECK(fake_called(FAKE_CALL_INJECT, ARCH_FAULT_UNDEF, 0));
    run(sysreg(15, false));
    CHECK(fake_called(FAKE_CALL_INJECT, ARCH_FAULT_UNDEF, 0));
    CHECK_EQ(fake_calls(FAKE_CALL_COMPLETE), 0);
}

static void other_exits(void)
{
    run((struct exit){ .kind = EXIT_UNDEF });
    CHECK(fake_called(FAKE_CALL_INJECT, ARCH_FAULT_UNDEF, 0));
    run((struct exit){ .kind = EXIT_ABORT });
    CHECK(fake_called(FAKE_CALL_INJECT, ARCH_FAULT_ABORT, 0));
    CHECK_EQ(run((struct exit){ .kind = EXIT_IDLE }), VCPU_END_OFF);
    run((struct exit){ .kind = EXIT_PORT, .port = { .port = 0x60, .size = 2 } });
    CHECK_EQ(seen.ports, 0x60);
    CHECK_EQ(run((struct exit){ .kind = EXIT_CRASH, .fault = { .words = "test" } }),
             VCPU_END_CRASH);
    CHECK_EQ(entries, 1);
    CHECK_EQ(seen.errors, 2);
}

static void requests_are_served_before_entry(void)
{
    setup();
    next_exit = (struct exit){ .kind = EXIT_IDLE };
    seen.recall_asked = true;
    vcpu_request(vcpu, VCPU_REQUEST_RECALL | VCPU_REQUEST_INBOX | VCPU_REQUEST_CONSOLE |
                           VCPU_REQUEST_VGIC);
    CHECK_EQ(fake_calls(FAKE_CALL_IPI), 0); /* own CPU */
    vcpu->end = VCPU_END_CRASH;             /* of an earlier run */
    CHECK_EQ(vcpu_run(vcpu), VCPU_END_OFF);
    CHECK_EQ(seen.recalls, 1);
    CHECK_EQ(seen.inboxes, 1);
    CHECK_EQ(seen.polls, 1);
    CHECK_EQ(seen.refills, 1);
    CHECK_EQ(atomic_load(&vcpu->requests), 0);
}

static void what_nobody_requested_is_not_done(void)
{
    for (uint32_t bit = VCPU_REQUEST_VGIC; bit <= VCPU_REQUEST_START; bit <<= 1) {
        setup();
        next_exit = (struct exit){ .kind = EXIT_IDLE };
        vcpu_request(vcpu, bit);
        CHECK_EQ(vcpu_run(vcpu), VCPU_END_OFF);
        CHECK_EQ(seen.refills, bit == VCPU_REQUEST_VGIC);
        CHECK_EQ(seen.recalls, bit == VCPU_REQUEST_RECALL);
        CHECK_EQ(seen.inboxes, bit == VCPU_REQUEST_INBOX);
        CHECK_EQ(seen.polls, bit == VCPU_REQUEST_CONSOLE);
    }
}

static void stop_ends_a_run(void)
{
    setup();
    fake_cpu_select(2);
    vcpu_request(vcpu, VCPU_REQUEST_STOP | VCPU_REQUEST_RECALL);
    CHECK(fake_called(FAKE_CALL_IPI, 0, 0));
    fake_cpu_select(0);
    CHECK_EQ(vcpu_run(vcpu), VCPU_END_STOPPED);
    CHECK_EQ(entries, 0);
    CHECK_EQ(seen.recalls, 1);
}

/* What an order says of its VM ends the run before the guest goes on; one to start doesn't. */
static void orders_end_a_run(void)
{
    static const struct {
        enum vm_order order;
        enum vcpu_end end;
        uint32_t errors;
    } cases[] = {
        { VM_ORDER_STOP, VCPU_END_ORDERED, 0 }, { VM_ORDER_RESTART, VCPU_END_ORDERED, 0 },
        { VM_ORDER_CRASH, VCPU_END_CRASH, 1 },  { VM_ORDER_NONE, VCPU_END_OFF, 0 },
        { VM_ORDER_START, VCPU_END_OFF, 0 },
    };

    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        setup();
        next_exit = (struct exit){ .kind = EXIT_IDLE };
        atomic_store(&vms[0].order, (uint32_t)cases[i].order);
        vcpu_request(vcpu, VCPU_REQUEST_ORDER);
        CHECK_EQ(vcpu_run(vcpu), cases[i].end);
        CHECK_EQ(entries, cases[i].end == VCPU_END_OFF ? 2 : 0);
        CHECK_EQ(seen.errors, cases[i].errors); /* a crash is told */
        CHECK_EQ(atomic_load(&vms[0].order),
                 (uint32_t)cases[i].order); /* the home carries it out */
    }
}

/* --- Interrupts --- */

static void guest_interrupts_are_injected(void)
{
    static const uint32_t private_ones[] = { 27, 30 };

    for (unsigned i = 0; i < 2; i++) {
        setup();
        arch_irq_enable(0, 1u << private_ones[i]);
        fake_irq_line(private_ones[i], true);
        irq_take(vcpu);
        CHECK_EQ(seen.injected, private_ones[i]);
        CHECK(fake_irq_active(private_ones[i]));
    }
    setup();
    arch_irq_enable(1, 1u << 16);
    fake_irq_line(48, true);
    next_exit = (struct exit){ .kind = EXIT_IRQ };
    CHECK_EQ(vcpu_run(vcpu), VCPU_END_OFF);
    CHECK_EQ(seen.injected, 60);
    CHECK(fake_called(FAKE_CALL_DROP, 48, 0));
    CHECK(fake_irq_active(48)); /* until the guest deactivates it */
    CHECK_EQ(seen.warnings, 0);
}

/* Nobody, another VM's CPU, a VM that is not running, a vCPU that is off.  Only shared interrupts
 * of the own VM, 48 and 49, which is stopping, are no surprise. */
static void strays_are_silenced(void)
{
    static const uint32_t intids[] = { 48, 60, 1000, 31, 27, 49, 32 + IRQ_COUNT };

    for (unsigned i = 0; i < sizeof(intids) / sizeof(intids[0]); i++) {
        for (unsigned who = 0; who < 3; who++) {
            setup();
            fake_cpu_select(who == 1 ? 2 : 0);
            arch_irq_enable(intids[i] / 32, 1u << (intids[i] % 32));
            arch_irq_route(intids[i], arch_cpu_index());
            fake_irq_line(intids[i], true);
            atomic_store(&vms[0].state, who == 1 ? VM_RUNNING : VM_STOPPING);
            atomic_store(&vcpu->power, VCPU_OFF);
            irq_take(who == 0 ? NULL : &vcpus[who == 1 ? 2 : 0]);
            CHECK_EQ(seen.injected, 0);
            CHECK_EQ(seen.warnings, intids[i] == (who == 2 ? 48u : 49u) && who != 0 ? 0 : 1);
            CHECK(!fake_irq_enabled(intids[i]));
            CHECK(!fake_irq_active(intids[i]));
        }
    }
}

/* A running VM's shared interrupt arrives at a vCPU that is off: the others may have it. */
static void shared_interrupt_reaches_vm_of_an_off_vcpu(void)
{
    setup();
    atomic_store(&vcpu->power, VCPU_OFF);
    arch_irq_enable(1, 1u << 16);
    fake_irq_line(48, true);
    irq_take(vcpu);
    CHECK_EQ(seen.injected, 60);
}

static void own_interrupts(void)
{
    setup();
    arch_irq_enable(0, (1u << 25) | (1u << 26) | (1u << 5));
    fake_irq_pulse(25);
    fake_irq_pulse(26);
    fake_irq_pulse(5);
    arch_ipi_send(0);
    fake_cpus[0].alarm = 777;
    irq_take(vcpu);
    CHECK_EQ(seen.panic_checks, 2); /* an SGI may come from a CPU that panics */
    CHECK_EQ(fake_cpus[0].alarm, 777);
    CHECK_EQ(seen.sgis, 2);
    CHECK_EQ(fake_calls(FAKE_CALL_DROP), 4);
    CHECK_EQ(seen.refills, 1);
    CHECK_EQ(seen.alarms, 1);
    CHECK(fake_called(FAKE_CALL_DEACTIVATE, ARCH_IRQ_IPI, 0));
    CHECK(!fake_irq_active(25) && !fake_irq_active(26) && !fake_irq_active(5));
    CHECK(fake_irq_enabled(25) && fake_irq_enabled(26));
    fake_irq_pulse(25);
    fake_irq_pulse(26);
    arch_ipi_send(0);
    irq_take(NULL);
    CHECK_EQ(seen.refills, 1);
    CHECK_EQ(seen.alarms, 1);
    CHECK_EQ(seen.sgis, 2);
    CHECK_EQ(seen.warnings, 0);
}

/* No alarm wakes a CPU that a panic is to halt. */
static void a_panic_elsewhere(void)
{
    setup();
    fake_cpus[0].alarm = 777;
    atomic_store(&panic_begun, true);
    arch_ipi_send(0);
    irq_take(vcpu);
    CHECK_EQ(fake_cpus[0].alarm, UINT64_MAX);
    CHECK_EQ(seen.panic_checks, 1);
    atomic_store(&panic_begun, false);
}

static void console_interrupt_tells_the_voice(void)
{
    setup();
    atomic_store(&vcpus[4].power, VCPU_ON);
    arch_irq_enable(1, 2);
    fake_irq_line(33, true);
    irq_take(NULL);
    CHECK_EQ(seen.consoles, 1); /* once a call, though the wire stays high */
    CHECK(fake_called(FAKE_CALL_DROP, 33, 0));
    CHECK(!fake_irq_active(33));
    CHECK_EQ(atomic_load(&vcpus[2].requests), VCPU_REQUEST_CONSOLE); /* when it starts */
    CHECK(fake_called(FAKE_CALL_IPI, 2, 0));
    CHECK_EQ(atomic_load(&vcpus[0].requests), VCPU_REQUEST_CONSOLE); /* ours told nobody */
    CHECK_EQ(atomic_load(&vcpus[1].requests), 0);
    CHECK_EQ(atomic_load(&vcpus[3].requests), 0);
    CHECK_EQ(atomic_load(&vcpus[4].requests), VCPU_REQUEST_CONSOLE); /* 3 is off */
}

static void timer_comes(uint64_t now)
{
    atomic_store(&fake_time, now);
    fake_irq_pulse(ARCH_IRQ_TIMER);
    irq_take(NULL);
}

/* The CPU's timer calls the console again, not before the pause is over, and only where it asked.
 */
static void console_pauses(void)
{
    setup();
    uint64_t pause = arch_time_hz() / 10000;

    arch_irq_enable(1, 2);
    arch_irq_enable(0, 1u << ARCH_IRQ_TIMER);
    atomic_store(&fake_time, 1000);
    seen.pauses = true;
    fake_irq_pulse(33);
    irq_take(NULL);
    CHECK_EQ(seen.consoles, 1);
    CHECK_EQ(seen.asked, 1000 + pause);
    seen.asked = 0;
    timer_comes(1000 + pause - 1); /* for somebody else */
    CHECK_EQ(seen.consoles, 1);
    CHECK_EQ(seen.asked, 1000 + pause);
    seen.pauses = false;
    timer_comes(1000 + pause);
    CHECK_EQ(seen.consoles, 2);
    timer_comes(1000 + 2 * pause);
    CHECK_EQ(seen.consoles, 2);
    CHECK_EQ(seen.asked, 1000 + pause);
}

int main(void)
{
    TEST(mmio_reads_are_masked);
    TEST(mmio_reads_extend);
    TEST(mmio_writes_are_masked);
    TEST(mmio_misuse_aborts);
    TEST(sysregs_by_direction);
    TEST(other_exits);
    TEST(requests_are_served_before_entry);
    TEST(what_nobody_requested_is_not_done);
    TEST(stop_ends_a_run);
    TEST(orders_end_a_run);
    TEST(guest_interrupts_are_injected);
    TEST(strays_are_silenced);
    TEST(shared_interrupt_reaches_vm_of_an_off_vcpu);
    TEST(own_interrupts);
    TEST(a_panic_elsewhere);
    TEST(console_interrupt_tells_the_voice);
    TEST(console_pauses);
    return test_result();
}
