/* SPDX-License-Identifier: Apache-2.0 */

/* What a guest has no right to gives it the fault that the architecture defines; it goes on. */

#include <bulkhead/fault.h>
#include <bulkhead/mmio.h>
#include <bulkhead/sysreg.h>
#include <bulkhead/timer.h>

#include "../check.h"
#include "../gic.h"

#define HOLE UINT64_C(0x0a100000) /* nothing is there, neither here nor on the bare board */
#define ISS_WRITE 0x40u
#define FSC(esr) ((esr)&0x3fu)
#define FSC_EXTERNAL 0x10u

struct checks checks;

static volatile unsigned faults;
static volatile uint64_t last_esr;
static volatile uint64_t last_far;

static bool remember(struct fault *fault, void *arg)
{
    (void)arg;
    faults++;
    last_esr = fault->esr;
    last_far = fault->far;
    fault->elr += 4;
    return true;
}

#define UNDEFINED(name, instruction)                                                               \
    do {                                                                                           \
        faults = 0;                                                                                \
        __asm__ volatile(instruction ::: "x0", "memory");                                          \
        check(name, faults == 1 && FAULT_CLASS(last_esr) == FAULT_UNDEFINED);                      \
    } while (0)

/* Lets EL1 use FP, SIMD and SVE as far as it goes (CPACR_EL1.FPEN, ZEN): a trap is then not the
 * guest's own. */
static void enable_vectors(void)
{
    SYSREG_WRITE(cpacr_el1, SYSREG_READ(cpacr_el1) | 3u << 20 | 3u << 16);
    __asm__ volatile("isb");
}

static void test_undefined(void)
{
    enable_vectors();
    UNDEFINED("UDF", ".inst 0");
    UNDEFINED("hypervisor's register VBAR_EL2", "mrs x0, vbar_el2");
    UNDEFINED("write of VTTBR_EL2", "msr vttbr_el2, xzr");
    UNDEFINED("EL3's register SCR_EL3", "mrs x0, scr_el3");
    UNDEFINED("performance monitor: read", "mrs x0, pmcr_el0");
    UNDEFINED("performance monitor: write", "msr pmcr_el0, xzr");
    UNDEFINED("SVE instruction", ".inst 0x04bf5020");
    UNDEFINED("write of an ID register", ".inst 0xd5180400"); /* msr id_aa64pfr0_el1, x0 */
}

static void test_identification(void)
{
    const uint64_t pfr0 = SYSREG_READ(id_aa64pfr0_el1);
    const uint64_t dfr0 = SYSREG_READ(id_aa64dfr0_el1);

    check_equal("no EL2 is shown", pfr0 >> 8 & 0xf, 0);
    check_equal("no EL3 is shown", pfr0 >> 12 & 0xf, 0);
    check_equal("no SVE is shown", pfr0 >> 32 & 0xf, 0);
    check_equal("the GIC's registers are shown", pfr0 >> 24 & 0xf, 1);
    check_equal("no performance monitor is shown", dfr0 >> 8 & 0xf, 0);
    check_equal("a reserved ID register reads zero", SYSREG_READ(s3_0_c0_c7_7), 0);
}

static void expect_abort(const char *name, uint64_t address, uint64_t write)
{
    char text[80];

    snprintf(text, sizeof(text), "%s: external abort", name);
    check(text, faults == 1 && FAULT_CLASS(last_esr) == FAULT_DATA_ABORT &&
                    FSC(last_esr) == FSC_EXTERNAL);
    snprintf(text, sizeof(text), "%s: its address", name);
    check_equal(text, last_far, address);
    snprintf(text, sizeof(text), "%s: its direction", name);
    check_equal(text, last_esr & ISS_WRITE, write);
    faults = 0;
}

static void test_aborts(void)
{
    faults = 0;
    (void)mmio_read32(HOLE + 8);
    expect_abort("read of a hole", HOLE + 8, 0);
    mmio_write64(HOLE + 0x10, 1);
    expect_abort("write to a hole", HOLE + 0x10, ISS_WRITE);
    __asm__ volatile("ldp x0, x1, [%0]" ::"r"(HOLE) : "x0", "x1", "memory");
    expect_abort("LDP of a hole", HOLE, 0);
    __asm__ volatile("ldp w0, w1, [%0]" ::"r"(GICD) : "x0", "x1", "memory");
    expect_abort("LDP of an emulated device", GICD, 0);
    __asm__ volatile("stp w0, w1, [%0]" ::"r"(GICD + 0x10) : "memory");
    expect_abort("STP to an emulated device", GICD + 0x10, ISS_WRITE);
    __asm__ volatile("ldr q0, [%0]" ::"r"(GICD) : "v0", "memory");
    expect_abort("SIMD load of an emulated device", GICD, 0);
    __asm__ volatile("ldr w0, [%0], #4" : : "r"(GICD + 0x20) : "x0", "memory");
    expect_abort("load with writeback of an emulated device", GICD + 0x20, 0);
}

/* Reads extend as the instruction says; writes touch their bytes only. */
static void test_widths(void)
{
    uint64_t value;

    faults = 0;
    gic_priority(40, 0xf0);
    __asm__ volatile("mov x0, #-1\n\tldrb w0, [%1]\n\tmov %0, x0"
                     : "=r"(value)
                     : "r"(GICD + IPRIORITYR + 40)
                     : "x0", "memory");
    check_equal("LDRB clears the upper bits", value, 0xf0);
    __asm__ volatile("ldrsb %0, [%1]" : "=r"(value) : "r"(GICD + IPRIORITYR + 40) : "memory");
    check_equal("LDRSB to 64 bits", value, ~UINT64_C(0xf));
    __asm__ volatile("ldrsb %w0, [%1]" : "=r"(value) : "r"(GICD + IPRIORITYR + 40) : "memory");
    check_equal("LDRSB to 32 bits", value, 0xfffffff0);
    __asm__ volatile("str wzr, [%0]" ::"r"(GICD + IPRIORITYR + 40) : "memory");
    check_equal("a store of the zero register", mmio_read32(GICD + IPRIORITYR + 40), 0);
    __asm__ volatile("ldr wzr, [%0]" ::"r"(GICD + GICD_TYPER) : "memory");
    check_equal("no fault by any", faults, 0);
}

/* A register is a number: in memory a big-endian guest has it the other way round.  Table walks
 * would be big-endian, too, so the MMU is off meanwhile. */
#define SCTLR_BIG_ENDIAN (UINT64_C(1) << 25)
#define SCTLR_MMU UINT64_C(1)

static void test_endianness(void)
{
    uint64_t sctlr = SYSREG_READ(sctlr_el1);
    uint64_t other = (sctlr & ~SCTLR_MMU) | SCTLR_BIG_ENDIAN;
    uint64_t value;

    faults = 0;
    __asm__ volatile("msr sctlr_el1, %2\n\tisb\n\t"
                     "str %w3, [%4]\n\tldr %w0, [%4]\n\t"
                     "msr sctlr_el1, %1\n\tisb"
                     : "=&r"(value)
                     : "r"(sctlr), "r"(other), "r"(0x081828f0), "r"(GICD + IPRIORITYR + 40)
                     : "memory");
    check_equal("big-endian: what was written", value, 0x081828f0);
    check_equal("big-endian: in the device", mmio_read32(GICD + IPRIORITYR + 40), 0xf0281808);
    mmio_write32(GICD + IPRIORITYR + 40, 0);
    check_equal("big-endian: no fault", faults, 0);
}

int main(void)
{
    fault_handler(remember, NULL);
    test_undefined();
    test_identification();
    test_aborts();
    test_widths();
    test_endianness();
    timer_sleep(1000000);
    check("the guest goes on", true);
    return check_end();
}
