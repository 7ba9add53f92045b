/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AARCH64_SYSREG_H
#define AARCH64_SYSREG_H

/* System register access and the field values used here (Arm ARM DDI 0487, D17; GIC: IHI 0069). */

#include <stdint.h>

#define AARCH64_READ(reg)                                                                          \
    __extension__({                                                                                \
        uint64_t aarch64_value;                                                                    \
        __asm__ volatile("mrs %0, " #reg : "=r"(aarch64_value));                                   \
        aarch64_value;                                                                             \
    })
#define AARCH64_WRITE(reg, value)                                                                  \
    __asm__ volatile("msr " #reg ", %x0" : : "rZ"((uint64_t)(value)) : "memory")

static inline void aarch64_isb(void)
{
    __asm__ volatile("isb" : : : "memory");
}
static inline void aarch64_dsb_sy(void)
{
    __asm__ volatile("dsb sy" : : : "memory");
}

/* D17.2.48 HCR_EL2 */
#define HCR_VM (UINT64_C(1) << 0)
#define HCR_SWIO (UINT64_C(1) << 1)
#define HCR_PTW (UINT64_C(1) << 2)
#define HCR_FMO (UINT64_C(1) << 3)
#define HCR_IMO (UINT64_C(1) << 4)
#define HCR_AMO (UINT64_C(1) << 5)
#define HCR_TID3 (UINT64_C(1) << 18)
#define HCR_TSC (UINT64_C(1) << 19)
#define HCR_TIDCP (UINT64_C(1) << 20)
#define HCR_TACR (UINT64_C(1) << 21)
#define HCR_RW (UINT64_C(1) << 31)
#define HCR_E2H (UINT64_C(1) << 34)
#define HCR_TLOR (UINT64_C(1) << 35)
#define HCR_TERR (UINT64_C(1) << 36) /* RAS error records: CPUs of a cluster share some */
#define HCR_GUEST                                                                                  \
    (HCR_VM | HCR_SWIO | HCR_PTW | HCR_FMO | HCR_IMO | HCR_AMO | HCR_TID3 | HCR_TSC | HCR_TIDCP |  \
     HCR_TACR | HCR_RW | HCR_TLOR | HCR_TERR)

/* CNTHCTL_EL2 with E2H = 0 (D17.8.2): EL1 and EL0 reach the physical counter (EL1PCTEN[0]) and
 * timer (EL1PCEN[1]) natively; else they trap. */
#define CNTHCTL_NATIVE UINT64_C(0x3)

/* D17.2.37 ESR_EL2 exception classes */
#define ESR_EC(esr) ((uint32_t)((esr) >> 26) & 0x3fu)
#define ESR_IL (UINT64_C(1) << 25)
enum aarch64_ec {
    EC_UNKNOWN = 0x00,
    EC_WFX = 0x01,
    EC_FP = 0x07,
    EC_HVC64 = 0x16,
    EC_SMC64 = 0x17,
    EC_SYSREG = 0x18,
    EC_SVE = 0x19,
    EC_INSTRUCTION_LOWER = 0x20,
    EC_INSTRUCTION_SAME = 0x21,
    EC_DATA_LOWER = 0x24,
    EC_DATA_SAME = 0x25,
    EC_SERROR = 0x2f,
};
/* ISS of a data abort */
#define ISS_ISV (1u << 24)
#define ISS_SAS(esr) ((uint32_t)((esr) >> 22) & 0x3u)
#define ISS_SSE (1u << 21)
#define ISS_SRT(esr) ((uint32_t)((esr) >> 16) & 0x1fu)
#define ISS_SF (1u << 15)
#define ISS_FNV (1u << 10)
#define ISS_CM (1u << 8)
#define ISS_S1PTW (1u << 7)
#define ISS_WNR (1u << 6)
#define ISS_FSC(esr) ((uint32_t)(esr)&0x3fu)
#define FSC_TYPE_MASK 0x3cu
#define FSC_ADDRESS_SIZE 0x00u
#define FSC_TRANSLATION 0x04u
#define FSC_PERMISSION 0x0cu
#define FSC_EXTERNAL 0x10u
#define FSC_EXTERNAL_WALK 0x14u

/* C5.2.19 SPSR_EL2 */
#define SPSR_MODE_MASK 0x1fu
#define SPSR_EL0T 0x00u
#define SPSR_EL1T 0x04u
#define SPSR_EL1H 0x05u
#define SPSR_AARCH32 0x10u
#define SPSR_DAIF (UINT64_C(0xf) << 6)
#define SPSR_SS (UINT64_C(1) << 21)
#define SPSR_BTYPE (UINT64_C(3) << 10)
#define SPSR_AARCH32_E (UINT64_C(1) << 9)
#define SPSR_AARCH32_IT ((UINT64_C(0x3f) << 10) | (UINT64_C(3) << 25)) /* IT[7:2], IT[1:0] */

/* D17.2.118 SCTLR_EL1: endianness of data at EL0 and EL1 */
#define SCTLR_EL1_E0E (UINT64_C(1) << 24)
#define SCTLR_EL1_EE (UINT64_C(1) << 25)

#endif
