/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VDEV_CONSOLE_KEYS_H
#define VDEV_CONSOLE_KEYS_H

/*
 * The operator's commands, typed at the board's console: CONSOLE_KEY, then a letter, and a VM's key
 * where the command is for one (Kconfig CONSOLE_KEYS; docs/console.md).  Answers are lines of the
 * hypervisor's voice, whatever LOG_LEVEL is.  Only VMs whose row says console_control are ordered
 * about, in the way of monitors (vdev/vm.h).  Guests can't type: keys come from the UART's receiver
 * alone.
 */

#define CONSOLE_KEY 0x14 /* Ctrl-T */

/* The UART's interrupt, for each typed character: what goes on to the VM that has the keyboard, or
 * -1: it was part of a command. */
int console_keys_take(int c);

#endif
