/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BULKHEAD_SYSREG_H
#define BULKHEAD_SYSREG_H

#include <stdint.h>

/* System registers by their names, or as S<op0>_<op1>_C<n>_C<m>_<op2>. */
#define SYSREG_READ(name)                                                                          \
    ({                                                                                             \
        uint64_t value_;                                                                           \
        __asm__ volatile("mrs %0, " #name : "=r"(value_)::"memory");                               \
        value_;                                                                                    \
    })
#define SYSREG_WRITE(name, value)                                                                  \
    __asm__ volatile("msr " #name ", %0" ::"r"((uint64_t)(value)) : "memory")

#define ISB() __asm__ volatile("isb" ::: "memory")
#define DSB(domain) __asm__ volatile("dsb " #domain ::: "memory")

#endif
