/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BULKHEAD_FAULT_H
#define BULKHEAD_FAULT_H

#include <stdbool.h>
#include <stdint.h>

/* A synchronous exception of the unikernel's own code: what the CPU told. */
struct fault {
    uint64_t x[31];
    uint64_t elr;  /* the instruction that faulted */
    uint64_t spsr; /* PSTATE there */
    uint64_t esr;  /* ESR_EL1: class in bits 31:26, syndrome below */
    uint64_t far;  /* FAR_EL1: the address, for aborts */
};

#define FAULT_CLASS(esr) ((uint32_t)((esr) >> 26) & 0x3fu)
#define FAULT_UNDEFINED 0x00u   /* ESR_ELx.EC: undefined instruction */
#define FAULT_DATA_ABORT 0x25u  /* data abort, same exception level */
#define FAULT_FETCH_ABORT 0x21u /* instruction abort, same exception level */

/* True: go on at fault->elr (which the handler may change, as any register); false: not ours. */
typedef bool (*fault_handler_fn)(struct fault *fault, void *arg);

/* Calls handler(fault, arg) at each synchronous exception, on the faulting CPU.  Without a handler,
 * or when it returns false, the registers are printed and the VM crashes.  NULL: no handler. */
void fault_handler(fault_handler_fn handler, void *arg);

#endif
