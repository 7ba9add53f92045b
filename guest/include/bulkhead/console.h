/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BULKHEAD_CONSOLE_H
#define BULKHEAD_CONSOLE_H

#include <stddef.h>

/*
 * The VM's UART.  printf and friends end here too; they buffer a line, so mix them with
 * these calls only after fflush(stdout).  Any CPU; output of one call stays together.
 */

/* Writes `size` characters; "\n" goes out as it is.  Waits while the UART's FIFO is full. */
void console_write(const char *text, size_t size);
void console_puts(const char *text); /* without adding a newline */

/* The next character typed, or -1 when there is none yet.  Never waits. */
int console_getc(void);
/* Sleeps until a character is typed.  Not in an interrupt handler. */
int console_wait(void);

#endif
