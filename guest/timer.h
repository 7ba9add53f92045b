/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GUEST_TIMER_H
#define GUEST_TIMER_H

void timer_cpu_init(void); /* own CPU, after irq_cpu_init() */

#endif
