/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TABLES_H
#define TABLES_H

/* QEMU's sabrelite, an i.MX 6 Quad: UART1 and the GIC's distributor. */
#define PLAT_UART_BASE 0x02020000u
#define UART_INTID 58u
#define GICD_ISPENDR 0x00a01200u

#endif
