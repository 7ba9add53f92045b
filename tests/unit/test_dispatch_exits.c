/* SPDX-License-Identifier: Apache-2.0 */
/* sources: vdev/dispatch.c vdev/irq.c vdev/notice.c vdev/vcpu.c vdev/vm.c
 * arch/fake/[a-z]*.c tests/unit/fixture/exit_loop.c */
#include "arch/fake/fake.h"
#include "tests/unit/check.h"
#include "tests/unit/fixture/exit_loop.h"
#include "vdev/irq.h"
#include "vdev/vcpu.h"
#include "vdev/vgic.h"
#include "vdev/vm.h"

/* The exit loop. */

static struct vcpu *const vcpu = &vcpus[0];

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
    return test_result();
}
