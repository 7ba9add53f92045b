/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_INTERRUPTS_H
#define BENCH_INTERRUPTS_H

/* On the first CPU, its GIC initialised and interrupts unmasked. */
void measure_interrupts(void);

#endif
