/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GUEST_START_H
#define GUEST_START_H

/* Called by crt0.S with the MMU on, interrupts masked, on the CPU's own stack. */
_Noreturn void start_first(const void *tree); /* start.c */
_Noreturn void start_other(void);             /* cpu.c */

#endif
