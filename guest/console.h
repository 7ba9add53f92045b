/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GUEST_CONSOLE_H
#define GUEST_CONSOLE_H

/* First CPU, after irq_init(): the UART ready to send and receive. */
void console_init(void);

#endif
