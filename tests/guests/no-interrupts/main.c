/* SPDX-License-Identifier: Apache-2.0 */

/* A VM without an interrupt controller: there is no trace of one, and its timer interrupts nobody.
 */

#include <stdbool.h>
#include <stdint.h>

#define UART UINT64_C(0x09000000)
#define GICD UINT64_C(0x08000000)
#define PSCI_SYSTEM_OFF 0x84000008u
#define CLASS_UNDEFINED 0x00u
#define CLASS_DATA_ABORT 0x25u

_Noreturn void quiet_main(void);

static unsigned failed;

static void put(const char *text)
{
    for (; *text != '\0'; text++) {
        *(volatile uint32_t *)UART = (uint8_t)*text;
    }
}

static void check(const char *name, bool passed)
{
    put(passed ? "PASS: " : "FAIL: ");
    put(name);
    put("\n");
    failed += passed ? 0 : 1;
}

#define READ(reg)                                                                                  \
    __extension__({                                                                                \
        uint64_t value_;                                                                           \
        __asm__ volatile("mrs %0, " #reg : "=r"(value_)::"memory");                                \
        value_;                                                                                    \
    })

/* ESR_EL1 of the exception that an instruction takes; 0x3e << 26 (no class): none. */
#define TAKES(instruction)                                                                         \
    __extension__({                                                                                \
        uint64_t esr_;                                                                             \
        __asm__ volatile("mov x15, %1\n\t" instruction "\n\tmov %0, x15"                           \
                         : "=r"(esr_)                                                              \
                         : "r"(UINT64_C(0x3e) << 26), "r"(GICD)                                    \
                         : "x13", "x14", "x15", "memory");                                         \
        (uint32_t)(esr_ >> 26) & 0x3f;                                                             \
    })

static void test_registers(void)
{
    check("ID_AA64PFR0_EL1 tells no GIC", (READ(id_aa64pfr0_el1) >> 24 & 0xf) == 0);
    check("no ICC_PMR_EL1", TAKES("mrs x13, s3_0_c4_c6_0") == CLASS_UNDEFINED);
    check("no ICC_IAR1_EL1", TAKES("mrs x13, s3_0_c12_c12_0") == CLASS_UNDEFINED);
    check("no ICC_IAR0_EL1", TAKES("mrs x13, s3_0_c12_c8_0") == CLASS_UNDEFINED);
    check("no ICC_CTLR_EL1", TAKES("mrs x13, s3_0_c12_c12_4") == CLASS_UNDEFINED);
    check("no ICC_IGRPEN1_EL1", TAKES("msr s3_0_c12_c12_7, xzr") == CLASS_UNDEFINED);
    check("no ICC_SGI1R_EL1", TAKES("msr s3_0_c12_c11_5, xzr") == CLASS_UNDEFINED);
    check("no distributor", TAKES("ldr w13, [%2]") == CLASS_DATA_ABORT);
}

/* Both timers reached, nothing masked: no interrupt waits or comes. */
static void test_timers(void)
{
    uint64_t came;

    __asm__ volatile("msr cntv_tval_el0, xzr\n\tmsr cntp_tval_el0, xzr\n\t"
                     "msr cntv_ctl_el0, %0\n\tmsr cntp_ctl_el0, %0\n\tisb" ::"r"(UINT64_C(1)));
    check("the virtual timer has fired", READ(cntv_ctl_el0) == 5);
    check("the physical timer has fired", READ(cntp_ctl_el0) == 5);
    __asm__ volatile("mov x15, #0\n\tmsr daifclr, #3\n\tisb\n\t"
                     "mov x13, #1000\n1:\tsubs x13, x13, #1\n\tb.ne 1b\n\t"
                     "msr daifset, #3\n\tmov %0, x15"
                     : "=r"(came)::"x13", "x14", "x15", "cc", "memory");
    check("no interrupt comes", came == 0);
    check("none waits", (READ(isr_el1) & 0xc0) == 0);
}

_Noreturn void quiet_main(void)
{
    test_registers();
    test_timers();
    put("done: ");
    put(failed == 0 ? "0" : "some");
    put(" failed\n");
    for (;;) {
        register uint64_t x0 __asm__("x0") = PSCI_SYSTEM_OFF;
        __asm__ volatile("hvc #0" : "+r"(x0)::"x1", "x2", "x3", "memory");
    }
}
