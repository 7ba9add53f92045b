/* SPDX-License-Identifier: Apache-2.0 */
/* sources: vdev/vgic[.3_]*c arch/fake/[a-z]*.c tests/unit/fixture/tables.c
 * tests/unit/fixture/vcpus.c tests/unit/fixture/vgic_guest.c tests/unit/fixture/devices.c
 * tests/unit/fixture/platform.c */
#include "tests/unit/check.h"
#include "tests/unit/fixture/vgic_guest.h"

/* Linked interrupts: SPIs 48 (level), 49 (edge) and 60 (physically 100) of VM 0, 50 of VM 1, and
 * the timers' PPIs. */

#define ALPHA 0u
#define BETA 2u
#define TIMER 27u
#define NONE ARCH_IRQ_SPURIOUS

static void reset_prepares_hardware(void)
{
    guest_start(0);
    CHECK(!fake_irq_enabled(48));
    vgic_vcpu_park(guest_vcpu(1));
    vgic_vcpu_park(guest_vcpu(ALPHA));
    fake_calls_clear();
    vgic_vm_reset(0);
    CHECK(fake_called(FAKE_CALL_CONFIGURE, 48, false));
    CHECK(fake_called(FAKE_CALL_CONFIGURE, 49, true));
    CHECK(fake_called(FAKE_CALL_ROUTE, 100, 0));
    CHECK(!fake_called(FAKE_CALL_ROUTE, 50, 0));
}

/* Raised, taken, ended: the guest's end deactivates the physical one without an exit. */
static void level_life(void)
{
    guest_start(0);
    guest_set(ALPHA, GUEST_ENABLE, 48);
    CHECK(fake_irq_enabled(48));
    fake_irq_line(48, true);
    CHECK_EQ(guest_iar(ALPHA), 48);
    CHECK(fake_irq_active(48));
    CHECK(guest_get(ALPHA, GUEST_ACTIVATE, 48));
    fake_irq_line(48, false);
    guest_vcpu(ALPHA);
    fake_guest_eoi(48);
    CHECK(!fake_irq_active(48));
    CHECK(!fake_maintenance());
    CHECK_EQ(fake_calls(FAKE_CALL_DEACTIVATE), 0);
    CHECK_EQ(guest_iar(ALPHA), NONE);
    CHECK(!guest_get(ALPHA, GUEST_ACTIVATE, 48));
    vgic_vcpu_park(guest_vcpu(ALPHA));
    vgic_vcpu_park(guest_vcpu(1));
    CHECK_EQ(fake_calls(FAKE_CALL_DEACTIVATE), 0); /* nothing was left to release */
}

/* The steady state of a timer: one list register is written a tick, and nothing else happens. */
static void ticks_are_short(void)
{
    guest_start(1);
    guest_set(BETA, GUEST_ENABLE, TIMER);
    for (unsigned i = 0; i < 5; i++) {
        fake_irq_line(TIMER, true);
        fake_calls_clear();
        CHECK_EQ(guest_iar(BETA), TIMER);
        CHECK_EQ(fake_calls(FAKE_CALL_LR_SET), 1);
        CHECK_EQ(fake_calls(FAKE_CALL_DEACTIVATE), 0);
        fake_irq_line(TIMER, false);
        fake_guest_eoi(TIMER);
        CHECK(!fake_irq_active(TIMER));
    }
    fake_irq_line(TIMER, true); /* still high at the end: it comes again */
    CHECK_EQ(guest_iar(BETA), TIMER);
    fake_guest_eoi(TIMER);
    CHECK_EQ(guest_iar(BETA), TIMER);
}

static void renumbered(void)
{
    guest_start(0);
    guest_set(ALPHA, GUEST_ENABLE, 60);
    CHECK(fake_irq_enabled(100));
    CHECK(!fake_irq_enabled(60));
    fake_irq_line(100, true);
    CHECK_EQ(guest_iar(ALPHA), 60);
    fake_irq_line(100, false);
    CHECK(fake_irq_active(100));
    fake_guest_eoi(60);
    CHECK(!fake_irq_active(100));
    guest_set(ALPHA, GUEST_DISABLE, 60);
    CHECK(!fake_irq_enabled(100));
}

/* Nested below others it waits in software, held, and its end is ours to pass on. */
static void evicted_while_active(void)
{
    guest_start(0);
    guest_dist_write(ALPHA, GUEST_ENABLE + 4, 4, 0x000100ff);
    guest_priority(ALPHA, 48, 0xf0);
    fake_irq_line(48, true);
    CHECK_EQ(guest_iar(ALPHA), 48);
    fake_irq_line(48, false);
    for (uint32_t i = 0; i < 5; i++) {
        guest_priority(ALPHA, 34 + i, (uint8_t)(0xe0 - 8 * i));
        guest_set(ALPHA, GUEST_PEND, 34 + i);
        CHECK_EQ(guest_iar(ALPHA), 34 + i);
    }
    CHECK(guest_get(ALPHA, GUEST_ACTIVATE, 48));
    for (uint32_t i = 5; i > 0; i--) {
        guest_eoi(ALPHA, 34 + i - 1);
        CHECK(fake_irq_active(48));
    }
    guest_eoi(ALPHA, 48);
    CHECK(!fake_irq_active(48));
    CHECK_EQ(fake_guest_running(), 0xff);
}

/* Pending and disabled again: hardware has it back, and presents it when it is enabled. */
static void disabled_goes_back(void)
{
    guest_start(0);
    guest_dist_write(ALPHA, GUEST_ENABLE + 4, 4, 0x00030000);
    fake_irq_line(48, true);
    fake_irq_pulse(49);
    guest_exit(ALPHA);
    CHECK(fake_guest_irq());
    guest_dist_write(ALPHA, GUEST_DISABLE + 4, 4, 0x00030000);
    CHECK(!fake_guest_irq());
    CHECK(!fake_irq_active(48));
    CHECK(!fake_irq_active(49));
    CHECK_EQ(guest_dist_read(ALPHA, GUEST_PEND + 4, 4), 0x00030000);
    fake_irq_line(48, false);
    CHECK_EQ(guest_dist_read(ALPHA, GUEST_PEND + 4, 4), 0x00020000);
    guest_dist_write(ALPHA, GUEST_ENABLE + 4, 4, 0x00030000);
    CHECK_EQ(guest_iar(ALPHA), 49);
    guest_eoi(ALPHA, 49);
    CHECK_EQ(guest_iar(ALPHA), NONE);
}

/* The line falls before the guest takes it: gone when next looked at. */
static void level_withdrawn(void)
{
    guest_start(0);
    guest_set(ALPHA, GUEST_ENABLE, 48);
    fake_irq_line(48, true);
    guest_exit(ALPHA);
    fake_irq_line(48, false);
    CHECK(!guest_get(ALPHA, GUEST_PEND, 48));
    CHECK(!fake_guest_irq());
    CHECK(!fake_irq_active(48));
}

static void pended_and_cleared_by_hand(void)
{
    guest_start(0);
    fake_irq_pulse(49);
    CHECK(guest_get(ALPHA, GUEST_PEND, 49));
    guest_set(ALPHA, GUEST_UNPEND, 49);
    CHECK(!fake_irq_pending(49));
    guest_set(ALPHA, GUEST_PEND, 49);
    CHECK(guest_get(ALPHA, GUEST_PEND, 49));
    guest_set(ALPHA, GUEST_ENABLE, 49);
    CHECK_EQ(guest_iar(ALPHA), 49);
    guest_eoi(ALPHA, 49);
    fake_irq_pulse(49);
    guest_exit(ALPHA);
    CHECK(fake_irq_active(49));
    guest_set(ALPHA, GUEST_UNPEND, 49);
    CHECK(!fake_irq_active(49));
    CHECK_EQ(guest_iar(ALPHA), NONE);
    fake_irq_pulse(49);
    CHECK_EQ(guest_iar(ALPHA), 49);
    guest_set(ALPHA, GUEST_DEACTIVATE, 49);
    CHECK(!fake_irq_active(49));
}

/* Pended by hand while it is active and held: its end is passed on, then it comes once more. */
static void pended_by_hand_while_active(void)
{
    guest_start(0);
    guest_set(ALPHA, GUEST_ENABLE, 48);
    fake_irq_line(48, true);
    CHECK_EQ(guest_iar(ALPHA), 48);
    fake_irq_line(48, false);
    guest_set(ALPHA, GUEST_PEND, 48);
    CHECK(guest_get(ALPHA, GUEST_ACTIVATE, 48));
    guest_eoi(ALPHA, 48);
    CHECK(!fake_irq_active(48));
    CHECK_EQ(guest_iar(ALPHA), 48);
    fake_irq_line(48, true); /* and now it is raised while it is active by hand */
    CHECK_EQ(guest_iar(ALPHA), NONE);
    CHECK(fake_irq_active(48));
    guest_eoi(ALPHA, 48);
    CHECK_EQ(guest_iar(ALPHA), 48);
    fake_irq_line(48, false);
    guest_eoi(ALPHA, 48);
    CHECK(!fake_irq_active(48));
    CHECK_EQ(guest_iar(ALPHA), NONE);
}

static void routed_to_another(void)
{
    guest_start(0);
    guest_set(ALPHA, GUEST_ENABLE, 49);
    fake_irq_pulse(49);
    guest_exit(ALPHA);
    CHECK(fake_guest_irq());
    guest_route(ALPHA, 49, 1);
    CHECK_EQ(fake_irq_route(49), 1);
    CHECK(!fake_guest_irq());
    CHECK(!fake_irq_active(49));
    CHECK_EQ(guest_iar(1), 49);
    fake_guest_eoi(49);
    CHECK(!fake_irq_active(49));
    /* One that had already been taken at the old CPU is passed on. */
    fake_cpu_select(0);
    arch_irq_route(49, 0);
    fake_irq_pulse(49);
    CHECK_EQ(guest_iar(ALPHA), NONE);
    CHECK_EQ(guest_iar(1), 49);
    fake_guest_eoi(49);
    CHECK(!fake_irq_active(49));
}

/* Ended at the old vCPU after the route has changed, it arrives at the new one. */
static void follows_after_its_end(void)
{
    guest_start(0);
    guest_set(ALPHA, GUEST_ENABLE, 49);
    fake_irq_pulse(49);
    CHECK_EQ(guest_iar(ALPHA), 49);
    guest_route(ALPHA, 49, 1);
    fake_cpu_select(0);
    fake_guest_eoi(49);
    CHECK(!fake_irq_active(49));
    fake_cpu_select(1);
    fake_irq_pulse(49);
    CHECK_EQ(guest_iar(1), NONE);
    guest_exit(ALPHA);
    CHECK_EQ(guest_iar(1), 49);
    fake_guest_eoi(49);
    CHECK(!fake_irq_active(49));
    guest_exit(ALPHA);
    CHECK(!fake_guest_irq());
}

static void configuration_is_passed_on(void)
{
    guest_start(0);
    guest_edge(ALPHA, 60, true);
    CHECK(fake_called(FAKE_CALL_CONFIGURE, 100, true));
    CHECK_EQ(fake_calls(FAKE_CALL_CONFIGURE), 1);
    guest_edge(ALPHA, 61, true);
    CHECK_EQ(fake_calls(FAKE_CALL_CONFIGURE), 1);
}

/* A vCPU that goes off releases its timer; the VM's end releases everything. */
static void park_releases(void)
{
    guest_start(0);
    guest_set(ALPHA, GUEST_ENABLE, TIMER);
    guest_set(ALPHA, GUEST_ENABLE, 48);
    guest_set(ALPHA, GUEST_ENABLE, 49);
    fake_irq_line(TIMER, true);
    fake_irq_line(48, true);
    CHECK_EQ(guest_iar(ALPHA), TIMER);
    fake_irq_pulse(49);
    guest_exit(ALPHA);
    vgic_vcpu_park(guest_vcpu(ALPHA));
    CHECK(!fake_irq_active(TIMER));
    CHECK(!fake_irq_enabled(TIMER));
    CHECK(fake_irq_active(48));
    CHECK_EQ(fake_cpus[0].lr[0] | fake_cpus[0].lr[1] | fake_cpus[0].lr[2], 0);
    vgic_vcpu_park(guest_vcpu(1));
    CHECK(fake_irq_active(48)); /* another may be about to start */
    vgic_vm_quiet(0);
    CHECK(!fake_irq_active(48));
    CHECK(!fake_irq_active(49));
    CHECK(!fake_irq_enabled(48));
    guest_vcpu(ALPHA);
    vgic_vm_reset(0);
    vgic_vcpu_reset(guest_vcpu(ALPHA));
    CHECK(!fake_guest_irq());
    CHECK(!fake_irq_pending(49));
}

/* Off and on again, a vCPU finds its timer as it left it. */
static void off_and_on(void)
{
    guest_start(0);
    guest_set(1, GUEST_ENABLE, TIMER);
    vgic_vcpu_park(guest_vcpu(1));
    CHECK(!fake_irq_enabled(TIMER));
    vgic_vcpu_reset(guest_vcpu(1));
    CHECK(fake_irq_enabled(TIMER));
    fake_irq_line(TIMER, true);
    CHECK_EQ(guest_iar(1), TIMER);
}

/* Another vCPU's timer is enabled by that one's own CPU. */
static void enabled_from_elsewhere(void)
{
    guest_start(0);
    guest_redist_write(ALPHA, 1, 0x10000 + GUEST_ENABLE, 4, 1u << TIMER);
    CHECK(!fake_irq_enabled(TIMER));
    guest_exit(1);
    CHECK(fake_irq_enabled(TIMER));
}

int main(void)
{
    TEST(reset_prepares_hardware);
    TEST(level_life);
    TEST(ticks_are_short);
    TEST(renumbered);
    TEST(evicted_while_active);
    TEST(disabled_goes_back);
    TEST(level_withdrawn);
    TEST(pended_and_cleared_by_hand);
    TEST(pended_by_hand_while_active);
    TEST(routed_to_another);
    TEST(follows_after_its_end);
    TEST(configuration_is_passed_on);
    TEST(park_releases);
    TEST(off_and_on);
    TEST(enabled_from_elsewhere);
    return test_result();
}
