/* SPDX-License-Identifier: Apache-2.0 */
/* sources: vdev/dispatch.c vdev/irq.c vdev/notice.c vdev/vcpu.c vdev/vm.c
 * arch/fake/[a-z]*.c tests/unit/fixture/exit_loop.c */
#include "arch/fake/fake.h"
#include "platform/panic.h"
#include "tests/unit/check.h"
#include "tests/unit/fixture/exit_loop.h"
#include "vdev/irq.h"
#include "vdev/vcpu.h"
#include "vdev/vm.h"

/* The taking of interrupts. */

static struct vcpu *const vcpu = &vcpus[0];

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
    TEST(guest_interrupts_are_injected);
    TEST(strays_are_silenced);
    TEST(shared_interrupt_reaches_vm_of_an_off_vcpu);
    TEST(own_interrupts);
    TEST(a_panic_elsewhere);
    TEST(console_interrupt_tells_the_voice);
    TEST(console_pauses);
    return test_result();
}
