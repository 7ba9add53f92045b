/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BULKHEAD_VM_H
#define BULKHEAD_VM_H

#include <stdint.h>

/* `bootargs` of the deployment file, "" without. */
const char *vm_bootargs(void);

/* The end of the VM; other VMs go on.  Returning from main() or exit() does vm_off() after the
 * output is flushed; these do not flush. */
_Noreturn void vm_off(void);   /* the deployment's on_off applies */
_Noreturn void vm_reset(void); /* on_reset: by default a new start from the pristine image */
_Noreturn void vm_crash(void); /* on_crash */

/* A call by HVC / SMC as the SMC Calling Convention defines it (DEN 0028): the result in x0. */
int64_t vm_hvc(uint32_t function, uint64_t a, uint64_t b, uint64_t c);
int64_t vm_smc(uint32_t function, uint64_t a, uint64_t b, uint64_t c);

/* The same by HVC with up to four arguments; x1-x3 go to results[] unless it is NULL. */
int64_t vm_call(uint32_t function, const uint64_t args[4], uint64_t results[3]);

#endif
