/* SPDX-License-Identifier: Apache-2.0 */
/* sources: vdev/vgic[.3_]*c arch/fake/[a-z]*.c tests/unit/fixture/tables.c
 * tests/unit/fixture/vcpus.c tests/unit/fixture/vgic_guest.c tests/unit/fixture/devices.c
 * tests/unit/fixture/platform.c */
#include "platform/panic.h"
#include "tests/unit/check.h"
#include "tests/unit/fixture/vgic_guest.h"
#include "vdev/vgic_state.h"

/* When interrupts take the short way (vdev/vgic3_fast_irq.c), and when they don't.  VM 0. */

#define SPI 49u /* linked, an edge */
#define NONE ARCH_IRQ_SPURIOUS

static uint32_t fast_since(uint32_t *before)
{
    uint32_t now = atomic_load(&guest_fast_count);
    uint32_t count = now - *before;

    *before = now;
    return count;
}

static void start(void)
{
    guest_start(0);
    guest_vcpu(0);
    guest_edge(0, SPI, true);
    guest_set(0, GUEST_ENABLE, SPI);
    guest_fast = true;
}

static void take(uint32_t intid)
{
    CHECK_EQ(guest_iar(0), intid);
    guest_eoi(0, intid);
    CHECK_EQ(guest_iar(0), NONE);
}

static void spi_comes_back(void)
{
    uint32_t before = atomic_load(&guest_fast_count);

    start();
    fake_irq_pulse(SPI);
    take(SPI);
    CHECK_EQ(fast_since(&before), 0);
    for (uint32_t n = 0; n < 3; n++) {
        fake_irq_pulse(SPI);
        take(SPI);
        CHECK_EQ(fast_since(&before), 1);
    }
    CHECK(!fake_irq_active(SPI));
}

/* Software knows of it again: then it comes the long way, and its state can be read. */
static void not_after_fold(void)
{
    uint32_t before;

    start();
    fake_irq_pulse(SPI);
    take(SPI);
    CHECK_EQ(guest_get(0, GUEST_PEND, SPI), false);
    before = atomic_load(&guest_fast_count);
    fake_irq_pulse(SPI);
    guest_exit(0);
    CHECK_EQ(fast_since(&before), 0);
    CHECK_EQ(guest_get(0, GUEST_PEND, SPI), true);
    take(SPI);
}

/* An active one keeps its list register; what comes meanwhile waits in hardware. */
static void not_while_active(void)
{
    uint32_t before;

    start();
    fake_irq_pulse(SPI);
    take(SPI);
    fake_irq_pulse(SPI);
    CHECK_EQ(guest_iar(0), SPI);
    before = atomic_load(&guest_fast_count);
    fake_irq_pulse(SPI);
    CHECK_EQ(guest_iar(0), NONE);
    guest_eoi(0, SPI);
    take(SPI);
    CHECK_EQ(fast_since(&before), 1);
}

static void self_sgi(void)
{
    uint32_t before = atomic_load(&guest_fast_count);

    start();
    guest_set(0, GUEST_ENABLE, 3);
    (void)fast_since(&before);
    guest_sgi(0, UINT64_C(3) << 24 | 1);
    take(3);
    CHECK_EQ(fast_since(&before), 0);
    guest_sgi(0, UINT64_C(3) << 24 | 1);
    CHECK_EQ(fast_since(&before), 1);
    CHECK_EQ(guest_get(0, GUEST_PEND, 3), true);
    take(3);
}

/* Pended by hand: it goes straight to a list register, again to the one it had. */
static void pended_comes_back(void)
{
    uint32_t before;

    start();
    before = atomic_load(&guest_fast_count);
    for (uint32_t n = 0; n < 3; n++) {
        fake_calls_clear();
        guest_set(0, GUEST_PEND, SPI);
        CHECK_EQ(fake_calls(FAKE_CALL_LR_SET), 1);
        take(SPI);
        CHECK_EQ(fast_since(&before), 1);
    }
    CHECK_EQ(guest_get(0, GUEST_PEND, SPI), false);
}

/* Of many pended at once only the first one is loaded by the write; all come by priority, also
 * where the priorities were changed after they had been compared. */
static void many_pended_at_once(void)
{
    start();
    guest_dist_write(0, GUEST_ENABLE + 4, 4, 0x3fff);
    for (uint32_t round = 0; round < 50; round++) {
        uint32_t before = atomic_load(&guest_fast_count);

        for (uint32_t n = 0; n < 12; n++) {
            guest_priority(0, 32 + n, (uint8_t)(8 * ((n * 5 + 7 * round) % 12)));
        }
        guest_dist_write(0, GUEST_PRIORITY + 44, 4, round % 2 == 0 ? 0x6868 : 0x6060);
        (void)fast_since(&before);
        fake_calls_clear();
        guest_dist_write(0, GUEST_PEND + 4, 4, 0x3fff);
        CHECK_EQ(fast_since(&before), 1);
        CHECK_EQ(fake_calls(FAKE_CALL_LR_SET), 1);
        for (uint32_t level = 0; level < 12; level++) {
            uint32_t intid = guest_iar(0);

            CHECK_EQ(((intid - 32) * 5 + 7 * round) % 12, level);
            guest_eoi(0, intid);
        }
        CHECK_EQ(guest_iar(0), 44);
        guest_eoi(0, 44);
        take(45);
    }
}

/* From vCPU 0 to vCPU 1; who looks at the target before it took the SGI sees it, and it comes once.
 */
static void sgi_to_other(void)
{
    uint32_t before;

    start();
    vgic_vcpu_reset(guest_vcpu(1));
    guest_redist_write(1, 1, 0x10000 + GUEST_ENABLE, 4, 1u << 5);
    guest_sgi(0, UINT64_C(5) << 24 | 2);
    CHECK_EQ(guest_redist_read(0, 1, 0x10000 + GUEST_PEND, 4), 1u << 5);
    CHECK_EQ(guest_iar(1), 5);
    guest_eoi(1, 5);
    CHECK_EQ(guest_iar(1), NONE);
    before = atomic_load(&guest_fast_count);
    for (uint32_t n = 0; n < 3; n++) {
        guest_sgi(0, UINT64_C(5) << 24 | 2);
        CHECK_EQ(guest_iar(1), 5);
        CHECK_EQ(guest_iar(0), NONE);
        guest_eoi(1, 5);
        CHECK_EQ(guest_iar(1), NONE);
    }
    CHECK_EQ(fast_since(&before), 6);
}

/* An IPI that tells of a panic, too, is not the short way's: the CPU must stop. */
static void not_in_a_panic(void)
{
    uint32_t before;

    sgi_to_other();
    before = atomic_load(&guest_fast_count);
    atomic_store(&panic_begun, true);
    guest_sgi(0, UINT64_C(5) << 24 | 2);
    CHECK_EQ(guest_iar(1), 5);
    CHECK_EQ(fast_since(&before), 1); /* who sent it */
    atomic_store(&panic_begun, false);
}

/* To a vCPU that is off, to nobody, to several at once, or to CPUs of other clusters: the long way
 * knows what to do. */
static void sgis_the_long_way(void)
{
    uint32_t before;

    start();
    guest_set(0, GUEST_ENABLE, 3);
    guest_sgi(0, UINT64_C(3) << 24 | 1);
    take(3);
    vgic_vcpu_park(guest_vcpu(1));
    vgic_vm_reset(guest_vcpu(2)->vm); /* VM 1, whose vCPU is the next one */
    vgic_vcpu_reset(guest_vcpu(2));
    before = atomic_load(&guest_fast_count);
    guest_sgi(0, UINT64_C(3) << 24 | 2);           /* it is pending when that vCPU starts */
    guest_sgi(0, UINT64_C(3) << 24);               /* an empty list */
    guest_sgi(0, UINT64_C(3) << 24 | 4);           /* there is no third one */
    guest_sgi(0, UINT64_C(3) << 24 | 1 << 16 | 1); /* Aff1 is 1 */
    guest_sgi(0, UINT64_C(1) << 44 | UINT64_C(3) << 24 | 1); /* Aff0 is 16 */
    CHECK_EQ(atomic_load(&vgic_cpus[2].sgis), 0);
    CHECK_EQ(guest_iar(0), NONE);
    guest_sgi(0, UINT64_C(3) << 24 | 3);
    take(3);
    CHECK_EQ(fast_since(&before), 0);
    guest_redist_write(0, 1, 0x10000 + GUEST_ENABLE, 4, 1u << 3);
    CHECK_EQ(guest_redist_read(0, 1, 0x10000 + GUEST_PEND, 4), 1u << 3);
    vgic_vcpu_reset(guest_vcpu(1));
    CHECK_EQ(guest_iar(1), 3);
    guest_eoi(1, 3);
    CHECK_EQ(guest_iar(1), NONE);
}

/* Two that come with one IPI both come, the first one once although it was sent twice; so they do
 * when they could come back to list registers they had. */
static void several_sgis_at_once(void)
{
    start();
    vgic_vcpu_reset(guest_vcpu(1));
    guest_redist_write(1, 1, 0x10000 + GUEST_ENABLE, 4, 1u << 5 | 1u << 9);
    for (uint32_t round = 0; round < 2; round++) {
        guest_sgi(0, UINT64_C(5) << 24 | 2);
        guest_sgi(0, UINT64_C(9) << 24 | 2);
        guest_sgi(0, UINT64_C(5) << 24 | 2);
        CHECK_EQ(guest_iar(1), 5);
        guest_eoi(1, 5);
        CHECK_EQ(guest_iar(1), 9);
        guest_eoi(1, 9);
        CHECK_EQ(guest_iar(1), NONE);
    }
}

/* With all list registers in use, those that find none are not lost. */
static void more_sgis_than_list_registers(void)
{
    start();
    fake_lr_count = 2;
    vgic_vcpu_reset(guest_vcpu(1));
    guest_redist_write(1, 1, 0x10000 + GUEST_ENABLE, 4, 0xf);
    for (uint64_t sgi = 0; sgi < 4; sgi++) {
        guest_sgi(0, sgi << 24 | 2);
    }
    for (uint32_t sgi = 0; sgi < 4; sgi++) {
        CHECK_EQ(guest_iar(1), sgi);
        guest_eoi(1, sgi);
    }
    CHECK_EQ(guest_iar(1), NONE);
}

int main(void)
{
    TEST(spi_comes_back);
    TEST(not_after_fold);
    TEST(not_while_active);
    TEST(self_sgi);
    TEST(pended_comes_back);
    TEST(many_pended_at_once);
    TEST(sgi_to_other);
    TEST(not_in_a_panic);
    TEST(sgis_the_long_way);
    TEST(several_sgis_at_once);
    TEST(more_sgis_than_list_registers);
    return test_result();
}
