/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GUEST_IRQ_H
#define GUEST_IRQ_H

void irq_init(void);     /* first CPU: distributor */
void irq_cpu_init(void); /* own CPU: redistributor and CPU interface; interrupts stay masked */

#endif
