/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The GIC as two CPUs share it.  CPU 1 does what CPU 0 asks, so that an interrupt is at a known
 * place (waiting at CPU 1, active there) when CPU 0 changes it.
 */

#include <bulkhead/cpu.h>
#include <bulkhead/irq.h>
#include <bulkhead/timer.h>
#include <stdatomic.h>

#include "../check.h"
#include "../gic.h"

#define SPI_A 40u
#define SPI_B 44u
#define PPI_A 22u
#define SGI_A 5u
#define SGI_THERE 6u
#define SGI_BACK 7u
#define STORM 200u
#define STALL_NS UINT64_C(30000000000)
#define GICR1_SGI (GICR + GICR_STRIDE + GICR_SGI_FRAME)

struct checks checks;

/* --- CPU 1: one call at a time --- */

typedef uint64_t (*call_fn)(uint64_t arg);

static struct {
    _Atomic(call_fn) fn; /* NULL: done */
    uint64_t arg;
    uint64_t result;
    _Atomic bool stop;
} call;

static void serve_calls(void *arg)
{
    (void)arg;
    (void)irq_mask();
    while (!call.stop) {
        const call_fn fn = call.fn;
        if (fn != NULL) {
            call.result = fn(call.arg);
            call.fn = NULL;
        }
        cpu_relax();
    }
}

static uint64_t on_other(call_fn fn, uint64_t arg)
{
    call.arg = arg;
    call.fn = fn;
    while (call.fn != NULL) {
        cpu_relax();
    }
    return call.result;
}

/* Does an interrupt wait, as is `wanted`?  What another CPU did may take a while to get here. */
static uint64_t look(uint64_t wanted)
{
    const uint64_t end = timer_now_ns() + (wanted ? STALL_NS : 2000000);

    while (timer_now_ns() < end && (!wanted || !irq_waits())) {
        cpu_relax();
    }
    return irq_waits();
}

static uint64_t acknowledge(uint64_t arg)
{
    (void)arg;
    return gic_acknowledge();
}

static uint64_t end_of(uint64_t intid)
{
    gic_end((uint32_t)intid);
    return 0;
}

static uint64_t unmask(uint64_t arg)
{
    (void)arg;
    irq_restore(0);
    return 0;
}

/* --- CPU 0 --- */

static void prepare(uint32_t spi)
{
    gic_bit_write(ICENABLER, spi);
    gic_bit_write(ICPENDR, spi);
    gic_bit_write(ICACTIVER, spi);
    gic_group(spi, gic_usual_group());
    gic_priority(spi, 0xa0);
    gic_edge(spi, true);
    gic_route(spi, 1);
    gic_bit_write(ISENABLER, spi);
}

static void finish(const char *name, uint32_t intid)
{
    char text[80];

    snprintf(text, sizeof(text), "%s: CPU 1 gets it", name);
    check_equal(text, on_other(look, 1) ? on_other(acknowledge, 0) : SPURIOUS, intid);
    (void)on_other(end_of, intid);
}

static void test_routing(void)
{
    prepare(SPI_A);
    gic_bit_write(ISPENDR, SPI_A);
    check("routed to CPU 1 it waits there", on_other(look, 1));
    check("and not at CPU 0", !irq_waits());
    check_equal("CPU 1 acknowledges", on_other(acknowledge, 0), SPI_A);
    check("CPU 0 sees it active", gic_bit(ISACTIVER, SPI_A) && !gic_bit(ISPENDR, SPI_A));
    (void)on_other(end_of, SPI_A);
    check("and idle", !gic_bit(ISACTIVER, SPI_A));

    gic_bit_write(ISPENDR, SPI_A);
    (void)on_other(look, 1);
    gic_route(SPI_A, 0);
    check("routed away while it waits: CPU 0 has it", look(1));
    check("CPU 1 has it no more", !on_other(look, 0));
    check_equal("CPU 0 acknowledges", gic_acknowledge(), SPI_A);
    gic_end(SPI_A);
}

static void test_changes_from_afar(void)
{
    prepare(SPI_A);
    gic_bit_write(ISPENDR, SPI_A);
    (void)on_other(look, 1);
    gic_bit_write(ICPENDR, SPI_A);
    check("taken back by CPU 0", !gic_bit(ISPENDR, SPI_A) && !on_other(look, 0));
    check_equal("CPU 1 acknowledges nothing", on_other(acknowledge, 0), SPURIOUS);

    gic_bit_write(ISPENDR, SPI_A);
    (void)on_other(look, 1);
    gic_bit_write(ICENABLER, SPI_A);
    check("disabled by CPU 0", gic_bit(ISPENDR, SPI_A) && !on_other(look, 0));
    gic_bit_write(ISENABLER, SPI_A);
    finish("enabled again", SPI_A);

    gic_bit_write(ISPENDR, SPI_A);
    (void)on_other(look, 1);
    (void)on_other(acknowledge, 0);
    gic_bit_write(ISPENDR, SPI_A);
    check("active at CPU 1 and pending again",
          gic_bit(ISACTIVER, SPI_A) && gic_bit(ISPENDR, SPI_A) && !on_other(look, 0));
    gic_bit_write(ICACTIVER, SPI_A);
    check("deactivated by CPU 0", !gic_bit(ISACTIVER, SPI_A));
    (void)on_other(end_of, SPI_A);
    finish("so it comes again", SPI_A);

    prepare(SPI_B);
    gic_priority(SPI_A, 0x80);
    gic_priority(SPI_B, 0xa0);
    gic_bit_write(ISPENDR, SPI_A);
    gic_bit_write(ISPENDR, SPI_B);
    (void)on_other(look, 1);
    gic_priority(SPI_B, 0x40);
    finish("made more urgent while it waits", SPI_B);
    finish("the other one follows", SPI_A);
}

/* The other CPU's SGIs and PPIs, through its redistributor. */
static void test_redistributor(void)
{
    mmio_write32(GICR1_SGI + ICENABLER, 1u << PPI_A);
    mmio_write32(GICR1_SGI + ISPENDR, 1u << PPI_A);
    check("PPI of CPU 1, disabled", !on_other(look, 0));
    mmio_write32(GICR1_SGI + ISENABLER, 1u << PPI_A);
    check("CPU 0 does not have it", !irq_waits());
    finish("PPI of CPU 1, enabled", PPI_A);
    mmio_write32(GICR1_SGI + ICENABLER, 1u << PPI_A);

    mmio_write32(GICR1_SGI + ICENABLER, 1u << SGI_A);
    irq_send(1, SGI_A);
    check("SGI that CPU 1 has disabled", !on_other(look, 0));
    check("CPU 0 sees it pending", mmio_read32(GICR1_SGI + ISPENDR) >> SGI_A & 1);
    mmio_write32(GICR1_SGI + ISENABLER, 1u << SGI_A);
    finish("SGI enabled", SGI_A);
}

static uint64_t own_bit(uint64_t intid)
{
    return gic_bit(ISPENDR, (uint32_t)intid);
}

static uint64_t iar(uint64_t arg)
{
    (void)arg;
    return mmio_read32(GICC + GICC_IAR);
}

static uint64_t eoir(uint64_t value)
{
    mmio_write32(GICC + GICC_EOIR, (uint32_t)value);
    return 0;
}

static uint64_t send_self(uint64_t sgi)
{
    gic_send_list((uint32_t)sgi, 2);
    return 0;
}

static uint64_t unpend_own(uint64_t sgi)
{
    mmio_write8(GICD + CPENDSGIR + sgi, 1); /* CPU 0's */
    return 0;
}

/* GICv2: an SGI waits apart for each CPU that sent it, and tells which one it was. */
static void test_senders(void)
{
    gic_send_list(SGI_A, 2);
    gic_send_list(SGI_A, 2);
    (void)on_other(look, 1);
    (void)on_other(send_self, SGI_A);
    const uint64_t first = on_other(iar, 0);
    check("SGI from both CPUs: one comes", (first & 0x3ff) == SGI_A && first >> 10 <= 1);
    check("the other waits until its end", !on_other(look, 0) && on_other(own_bit, SGI_A));
    (void)on_other(eoir, first);
    check("then it comes", on_other(look, 1));
    const uint64_t second = on_other(iar, 0);
    check_equal("from the other CPU", second, first ^ 1u << 10);
    (void)on_other(eoir, second);
    check("and no more", !on_other(look, 0) && !on_other(own_bit, SGI_A));

    gic_send_list(SGI_A, 2);
    (void)on_other(look, 1);
    (void)on_other(send_self, SGI_A);
    (void)on_other(unpend_own, SGI_A);
    check_equal("CPENDSGIR takes back one sender's", on_other(iar, 0), 1u << 10 | SGI_A);
    (void)on_other(eoir, 1u << 10 | SGI_A);
    check("and leaves none", !on_other(look, 0));
}

static volatile uint32_t there;
static volatile uint32_t back;
static _Atomic uint32_t spis;

static void went_there(uint32_t intid, void *arg)
{
    (void)intid;
    (void)arg;
    there++;
    irq_send(0, SGI_BACK);
}

static void came_back(uint32_t intid, void *arg)
{
    (void)intid;
    (void)arg;
    back++;
    if (back < STORM) {
        irq_send(1, SGI_THERE);
    }
}

static void count_spi(uint32_t intid, void *arg)
{
    (void)intid;
    (void)arg;
    spis++;
}

/* False: nothing has moved for a while, so something was lost. */
static bool moves(void)
{
    static uint32_t seen;
    static uint64_t since;
    const uint32_t now = back + spis;

    if (now != seen || since == 0) {
        seen = now;
        since = timer_now_ns();
    }
    return timer_now_ns() - since < STALL_NS;
}

/* SGIs go to and fro while SPIs are pended, moved and counted. */
static void test_storm(void)
{
    uint32_t pended = 0;

    irq_handler(SGI_THERE, went_there, NULL);
    irq_handler(SGI_BACK, came_back, NULL);
    irq_handler(SPI_A, count_spi, NULL);
    prepare(SPI_A);
    (void)on_other(unmask, 0);
    irq_restore(0);
    irq_send(1, SGI_THERE);
    while ((back < STORM || spis < STORM) && moves()) {
        if (pended < STORM && spis == pended) { /* the last one was served */
            gic_route(SPI_A, pended % 3 == 0 ? 0 : 1);
            pended++;
            gic_bit_write(ISPENDR, SPI_A);
            gic_route(SPI_A, pended % 2);
        }
        cpu_relax();
    }
    check_equal("200 SGIs went there", there, STORM);
    check_equal("and back", back, STORM);
    check_equal("200 SPIs, moved between CPUs, each came once", spis, STORM);
}

int main(void)
{
    (void)irq_mask();
    check("CPU 1 starts", cpu_start(1, serve_calls, NULL) && !on_other(look, 0));
    test_routing();
    test_changes_from_afar();
    if (gic_is_v3()) {
        test_redistributor();
    } else {
        test_senders();
    }
    test_storm();
    call.stop = true;
    return check_end();
}
