/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Every interrupt comes to exactly the vCPU that it is for, whoever caused it on whichever CPU:
 * SGIs, an SPI of a device, one pended by software, and the doorbell of the other VM, each routed
 * to every vCPU in turn.
 */

#include <bulkhead/channel.h>
#include <bulkhead/cpu.h>
#include <bulkhead/irq.h>
#include <bulkhead/timer.h>
#include <stdatomic.h>

#include "../../check.h"
#include "../../gic.h"

#define CPUS 2u
#define SGI 5u
#define DOORBELL IRQ_SPI(40)
#define SOFTWARE IRQ_SPI(41) /* an SPI that nothing is wired to */
#define ALARM IRQ_SPI(2)
#define ROUTE_ANY (UINT64_C(1) << 31) /* Interrupt_Routing_Mode, which is not there */
#define STEPS (2 * CPUS * CPUS)       /* who rings, from which CPU, to which */
#define PATIENCE_NS UINT64_C(30000000000)

#define RTC UINT64_C(0x09010000) /* PL031 */
#define RTC_DR (RTC + 0x00)
#define RTC_MR (RTC + 0x04)
#define RTC_IMSC (RTC + 0x10)
#define RTC_ICR (RTC + 0x1c)

/* In the channel: the step for which a peer's doorbell is routed, and the one that has come. */
struct meeting {
    _Atomic uint32_t routed;
    _Atomic uint32_t came;
};

struct checks checks;

static const struct channel *channel;
static struct meeting *meeting;
static _Atomic uint32_t counts[CPUS]; /* interrupts, by the CPU that they came to */
static void (*_Atomic job)(uint32_t target);
static uint32_t job_target;

static bool comes_to(_Atomic uint32_t *value, uint32_t wanted)
{
    const uint64_t end = timer_now_ns() + PATIENCE_NS;

    while (*value != wanted && timer_now_ns() < end) {
        cpu_relax();
    }
    return *value == wanted;
}

static void count(uint32_t intid, void *arg)
{
    (void)arg;
    if (intid == ALARM) { /* a level: goes down before the interrupt ends */
        mmio_write32(RTC_ICR, 1);
    }
    counts[cpu_index()]++;
}

static void count_ring(const struct channel *from, uint32_t peers, void *arg)
{
    (void)from;
    (void)peers;
    (void)arg;
    counts[cpu_index()]++;
}

/* --- Causes: on the CPU that calls --- */

static void send_sgi(uint32_t target)
{
    irq_send(target, SGI);
}

static void pend(uint32_t target)
{
    (void)target;
    gic_bit_write(ISPENDR, SOFTWARE);
}

static void raise_alarm(uint32_t target)
{
    (void)target;
    mmio_write32(RTC_MR, mmio_read32(RTC_DR)); /* now */
}

static void ring(uint32_t target)
{
    (void)target;
    channel_ring(channel, 1u << (1 - channel->self));
}

/* --- CPUs --- */

/* Tells who looks at the machine from outside which vCPU this is: HVC #(0x40 | VM << 1 | vCPU). */
static void show_up(void)
{
    register uint64_t nothing __asm__("x0") = UINT64_MAX;

    switch (channel->self << 1 | cpu_index()) {
    case 0:
        __asm__ volatile("hvc #0x40" : "+r"(nothing) : : "x1", "x2", "x3", "memory");
        break;
    case 1:
        __asm__ volatile("hvc #0x41" : "+r"(nothing) : : "x1", "x2", "x3", "memory");
        break;
    case 2:
        __asm__ volatile("hvc #0x42" : "+r"(nothing) : : "x1", "x2", "x3", "memory");
        break;
    default:
        __asm__ volatile("hvc #0x43" : "+r"(nothing) : : "x1", "x2", "x3", "memory");
        break;
    }
}

/* CPU 1 does what CPU 0 asks it for. */
static void serve(void *arg)
{
    (void)arg;
    show_up();
    for (;;) {
        void (*todo)(uint32_t target) = job;

        if (todo != NULL) {
            todo(job_target);
            job = NULL;
        }
        cpu_relax();
    }
}

static void on_cpu(uint32_t cpu, void (*cause)(uint32_t target), uint32_t target)
{
    if (cpu == 0) {
        cause(target);
        return;
    }
    job_target = target;
    job = cause;
    while (job != NULL) {
        cpu_relax();
    }
}

/* --- Tests --- */

/* Did one interrupt come, to `target`? */
static bool came_to(uint32_t target)
{
    const bool here = comes_to(&counts[target], 1);
    const bool alone = counts[1 - target] == 0;

    counts[0] = 0;
    counts[1] = 0;
    return here && alone;
}

static void route(uint32_t intid, uint64_t to)
{
    mmio_write64(GICD + IROUTER + 8 * (uint64_t)intid, to);
}

/* From every CPU to every CPU; an SPI is moved there before, by either CPU's register access. */
static bool from_all_to_all(void (*cause)(uint32_t target), uint32_t spi)
{
    bool all = true;

    for (uint32_t from = 0; from < CPUS; from++) {
        for (uint32_t target = 0; target < CPUS; target++) {
            if (spi != 0) {
                route(spi, target);
            }
            on_cpu(from, cause, target);
            all = came_to(target) && all;
        }
    }
    return all;
}

static void test_own(void)
{
    irq_handler(SGI, count, NULL);
    check("each SGI came to the CPU that it was sent to", from_all_to_all(send_sgi, 0));

    irq_handler(SOFTWARE, count, NULL);
    irq_set_edge(SOFTWARE, true);
    irq_enable(SOFTWARE);
    check("each SPI of software came to the CPU that it was routed to",
          from_all_to_all(pend, SOFTWARE));
}

/* It waits while it is disabled, and comes to where it is routed when it may. */
static bool moves_while_pending(uint32_t first, uint32_t then)
{
    irq_disable(ALARM);
    route(ALARM, first);
    raise_alarm(first);
    const bool waits = gic_bit(ISPENDR, ALARM) && counts[0] + counts[1] == 0;

    route(ALARM, then);
    gic_bit_write(ISENABLER, ALARM);
    return came_to(then) && waits;
}

static void test_device(void)
{
    irq_handler(ALARM, count, NULL);
    irq_set_edge(ALARM, false);
    irq_enable(ALARM);
    mmio_write32(RTC_IMSC, 1);
    check("each alarm came to the CPU that it was routed to", from_all_to_all(raise_alarm, ALARM));
    check("a pending alarm moves to CPU 1", moves_while_pending(0, 1));
    check("a pending alarm moves to CPU 0", moves_while_pending(1, 0));
    route(ALARM, ROUTE_ANY | 1);
    check_equal("there is no routing to any CPU", mmio_read64(GICD + IROUTER + 8 * ALARM), 1);
    raise_alarm(1);
    check("the alarm goes by the affinity beside it", came_to(1));
    irq_disable(ALARM);
}

/* The peers take turns: one routes its doorbell and says so, the other rings. */
static void test_doorbells(void)
{
    const uint32_t self = channel->self;
    bool came = true;
    bool told = true;

    for (uint32_t step = 0; step < STEPS; step++) {
        const uint32_t ringer = step / (CPUS * CPUS);
        const uint32_t from = step / CPUS % CPUS;
        const uint32_t target = step % CPUS;

        if (self == ringer) {
            told = comes_to(&meeting->routed, step + 1) && told;
            on_cpu(from, ring, target);
            told = comes_to(&meeting->came, step + 1) && told;
        } else {
            route(DOORBELL, target);
            meeting->routed = step + 1;
            came = came_to(target) && came;
            meeting->came = step + 1;
        }
    }
    check("each ring came to the CPU that it was routed to", came);
    check("every ring came to the other VM", told);
}

int main(void)
{
    channel = channel_open("meet");
    meeting = channel->window;
    show_up();
    check("the second CPU starts", cpu_start(1, serve, NULL));
    test_own();
    if (channel->self == 0) {
        test_device();
    }
    channel_on_ring(channel, count_ring, NULL);
    test_doorbells();
    check("nothing came that nobody sent", counts[0] + counts[1] == 0);
    return check_end();
}
