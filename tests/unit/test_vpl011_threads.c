/* SPDX-License-Identifier: Apache-2.0 */
/* sources: vdev/vpl011.c vdev/vuart.c vdev/vdev.c vdev/alarm.c arch/fake/[a-z]*.c
 * tests/unit/fixture/platform.c
 */
#include "arch/fake/fake.h"
#include "platform/console.h"
#include "tests/unit/check.h"
#include "vdev/vgic.h"
#include "vdev/vpl011.h"

#include <pthread.h>
#include <sched.h>

/* Two vCPUs use one UART: no character is lost or doubled, and once both are done the interrupt
 * line is what the registers say.  While an alarm comes on one CPU, another starts the VM anew. */

#define DR 0x000
#define LCR_H 0x02c
#define IMSC 0x038
#define MIS 0x040
#define ICR 0x044
#define ROUNDS 300u
#define STEPS 20u

const struct vm_row vm_rows[VM_COUNT] = { { .vcpu_count = 2 } };
const struct vuart_row vuart_rows[VUART_COUNT] = {
    { .vm = 0, .intid = 33, .voice = 1 },
    { .vm = 1, .intid = 33, .voice = 2 },
    { .vm = 1, .intid = 34, .voice = 3 },
};

static uint32_t sent; /* plain: the UART's lock guards the voice */
static uint32_t ticks;
static uint32_t typed;
static uint32_t typed_limit;
static _Atomic uint32_t received;
static _Atomic bool line;

enum console_result console_put(uint32_t voice, char c)
{
    CHECK_EQ(voice, 1);
    sent++;
    return c == '\n' ? CONSOLE_TAKEN : CONSOLE_HELD;
}

bool console_tick(uint32_t voice)
{
    CHECK_EQ(voice, 1);
    ticks++;
    return sent % 3 != 0;
}

bool console_room(uint32_t voice)
{
    (void)voice;
    return sent % 4 != 0;
}

int console_get(uint32_t voice)
{
    (void)voice;
    return typed < typed_limit ? (int)(typed++ % 255) + 1 : -1;
}

void vgic_set_line(struct vcpu *vcpu, uint32_t intid, bool high)
{
    CHECK_EQ(intid, 33);
    for (uint32_t i = 0; i < vcpu->index * 3; i++) { /* one is slow to tell */
        sched_yield();
    }
    atomic_store(&line, high);
}

static void *use(void *argument)
{
    struct vcpu *vcpu = argument;

    fake_cpu_select(vcpu->index);
    for (uint32_t step = 0; step < STEPS; step++) {
        vpl011_ops.write(vcpu, 0, DR, 4, 'x');
        vpl011_ops.write(vcpu, 0, IMSC, 4, step % 2 == 0 ? 0x70 : 0x20);
        if (vpl011_ops.read(vcpu, 0, DR, 4) != 0) {
            atomic_fetch_add(&received, 1);
        }
        vdev_poll(vcpu);
        vpl011_ops.alarm(vcpu, 0);
        vpl011_ops.write(vcpu, 0, ICR, 4, 0x20);
    }
    return NULL;
}

static struct vcpu pair[2] = { { .vm_row = &vm_rows[0], .index = 0 },
                               { .vm_row = &vm_rows[0], .index = 1 } };

static void line_ends_as_the_registers_say(void)
{
    fake_reset();
    vpl011_ops.reset(0);
    vpl011_ops.write(&pair[0], 0, LCR_H, 4, 0x70);
    for (uint32_t round = 0; round < ROUNDS; round++) {
        pthread_t threads[2];

        typed_limit += 50; /* more than both read */
        for (unsigned i = 0; i < 2; i++) {
            CHECK_EQ(pthread_create(&threads[i], NULL, use, &pair[i]), 0);
        }
        for (unsigned i = 0; i < 2; i++) {
            pthread_join(threads[i], NULL);
        }
        CHECK_EQ(atomic_load(&line), vpl011_ops.read(&pair[0], 0, MIS, 4) != 0);
    }
    CHECK_EQ(sent, 2 * STEPS * ROUNDS);
    for (uint64_t c = 1; c != 0; atomic_fetch_add(&received, c != 0)) {
        c = vpl011_ops.read(&pair[0], 0, DR, 4);
    }
    CHECK_EQ(atomic_load(&received), typed_limit);
    CHECK(!atomic_load(&line) || vpl011_ops.read(&pair[0], 0, MIS, 4) != 0);
    CHECK(ticks > ROUNDS);
}

static void *restart(void *argument)
{
    (void)argument;
    fake_cpu_select(0);
    for (uint32_t round = 0; round < ROUNDS; round++) {
        vpl011_ops.reset(0);
        vpl011_ops.write(&pair[0], 0, DR, 4, 'x');
    }
    return NULL;
}

static void *alarm_late(void *argument)
{
    (void)argument;
    fake_cpu_select(1);
    for (uint32_t round = 0; round < ROUNDS * STEPS; round++) {
        vpl011_ops.alarm(&pair[1], 0);
    }
    return NULL;
}

static void alarms_come_while_the_vm_restarts(void)
{
    pthread_t threads[2];
    uint32_t before = sent;

    vpl011_ops.reset(0);
    CHECK_EQ(sent, before + 1); /* what the test before left ends */
    CHECK_EQ(pthread_create(&threads[0], NULL, restart, NULL), 0);
    CHECK_EQ(pthread_create(&threads[1], NULL, alarm_late, NULL), 0);
    pthread_join(threads[0], NULL);
    pthread_join(threads[1], NULL);
    CHECK_EQ(sent, before + 2 * ROUNDS);
}

int main(void)
{
    TEST(line_ends_as_the_registers_say);
    TEST(alarms_come_while_the_vm_restarts);
    return test_result();
}
