/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LOADER_BOARD_CHECK_H
#define LOADER_BOARD_CHECK_H

#include <stdint.h>

/* Boot CPU, loader tables: compares the device tree that firmware handed over (at `dtb`, or at the
 * board's declared address where that is 0) with what the plan needs: RAM less reservations, CPUs,
 * interrupt controller, UART.  Returns if the board has all of it, else panics in words. */
void board_check(uint64_t dtb);

#endif
