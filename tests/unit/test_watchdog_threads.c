/* SPDX-License-Identifier: Apache-2.0 */
/* sources: vdev/watchdog.c vdev/alarm.c vdev/vdev.c vdev/vm.c tests/unit/fixture/platform.c
   arch/fake/[a-z]*.c */
#include <pthread.h>

#include "arch/fake/fake.h"
#include "tests/unit/check.h"
#include "vdev/alarm.h"
#include "vdev/vgic.h"
#include "vdev/vm.h"
#include "vdev/watchdog.h"

/* Two vCPUs at one watchdog, one refreshing, the other changing its time; then nobody. */

#define ROUNDS 20000u
#define WOR 0x008

const struct watchdog_row watchdog_rows[WATCHDOG_COUNT] = {
    { .vm = 0, .intid = 40, .timeout_ms = 2000 },
};
static const struct mmio_row rows[] = {
    { .base = GPA(0x1000), .size = 0x1000, .ops = &watchdog_control_ops, .instance = 0 },
};
const struct vm_row vm_rows[VM_COUNT] = {
    { .name = "watched", .vcpu_count = 2, .mmio = rows, .mmio_count = 1 },
};
struct vcpu vcpus[VCPU_COUNT];

static _Atomic uint32_t posts;
static _Atomic uint32_t orders;

void vgic_post(uint32_t vm, uint32_t intid)
{
    (void)vm;
    (void)intid;
    atomic_fetch_add(&posts, 1);
}

void vcpu_request(struct vcpu *vcpu, uint32_t requests)
{
    (void)vcpu;
    (void)requests;
    atomic_fetch_add(&orders, 1);
}

static void take_alarm(uint32_t cpu)
{
    if (fake_cpus[cpu].alarm <= atomic_load(&fake_time)) {
        alarm_take(&vcpus[cpu]);
    }
}

static void *work(void *arg)
{
    const uint32_t cpu = *(const uint32_t *)arg;

    fake_cpu_select(cpu);
    for (uint32_t n = 0; n < ROUNDS; n++) {
        if (cpu == 0) {
            watchdog_refresh_ops.write(&vcpus[0], 0, 0, 4, 0);
        } else {
            watchdog_control_ops.write(&vcpus[1], 0, WOR, 4, 1000000 + n);
            (void)watchdog_control_ops.read(&vcpus[1], 0, WOR, 4);
        }
        atomic_fetch_add(&fake_time, 10);
        take_alarm(cpu);
    }
    return NULL;
}

static void both_at_once(void)
{
    static const uint32_t numbers[2] = { 0, 1 };
    pthread_t threads[2];

    fake_reset();
    for (uint32_t n = 0; n < 2; n++) {
        vcpus[n].vm_row = &vm_rows[0];
    }
    atomic_store(&vms[0].state, VM_RUNNING);
    vdev_start(&vm_rows[0]);
    for (uint32_t n = 0; n < 2; n++) {
        pthread_create(&threads[n], NULL, work, (void *)(uintptr_t)&numbers[n]);
    }
    for (uint32_t n = 0; n < 2; n++) {
        pthread_join(threads[n], NULL);
    }
    CHECK_EQ(atomic_load(&posts), 0);
    CHECK_EQ(atomic_load(&orders), 0);
    CHECK_EQ(watchdog_control_ops.read(&vcpus[0], 0, WOR, 4), 1000000 + ROUNDS - 1);
}

/* Whichever CPU has the alarm, it comes, and once. */
static void nobody(void)
{
    for (uint32_t n = 0; n < 4000; n++) {
        atomic_fetch_add(&fake_time, 1000);
        for (uint32_t cpu = 0; cpu < 2; cpu++) {
            fake_cpu_select(cpu);
            take_alarm(cpu);
        }
    }
    CHECK_EQ(atomic_load(&posts), 1);
    CHECK_EQ(atomic_load(&orders), 1);
    CHECK_EQ(vm_order_take(0), VM_ORDER_CRASH);
}

int main(void)
{
    TEST(both_at_once);
    TEST(nobody);
    return test_result();
}
