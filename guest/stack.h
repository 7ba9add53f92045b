/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GUEST_STACK_H
#define GUEST_STACK_H

/* Constants that assembly and C share. */

/* Per CPU, upwards: guard page, stack, guard page, exception stack. */
#define STACK_GUARD 0x1000
#define STACK_TOP 0x10000            /* top of the stack */
#define STACK_EXCEPTION_BASE 0x11000 /* behind the second guard page */
#define STACK_STRIDE 0x15000

/* Translation with a 4 KiB granule (DDI 0487 D8.2): 39-bit addresses, so tables of level 1 to 3;
 * where the VM's RAM lies higher, 48-bit ones, so tables of level 0 to 3.  link.ld says which. */
#define MMU_MAIR 0xff00      /* attribute 0: Device-nGnRnE, 1: normal write-back */
#define MMU_TCR 0x803500     /* walks and data inner shareable write-back; EPD1; T0SZ comes to it */
#define MMU_SCTLR 0x30d0180d /* RES1 bits of Armv8.0; I, SA, C, M */
#define MMU_BLOCK_DEVICE 0x60000000000401 /* AF, never executed */
#define MMU_BLOCK_NORMAL 0x40000000000705 /* AF, inner shareable, attribute 1 */

/* struct frame of fault.c */
#define FRAME_SIZE 816

#endif
