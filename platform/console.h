/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PLATFORM_CONSOLE_H
#define PLATFORM_CONSOLE_H

/*
 * The board's UART shared by voices: voice 0 is the hypervisor's log, the others are guests'
 * UARTs.  Each voice has a ring that one side fills and the console drains; nobody waits for the
 * console (a full ring refuses), and whoever finds the console free drains for all.
 *
 * Lines are written whole, as "[name] text\r\n".  An unfinished line goes out only
 * - of the voice that has the keyboard: when its owner has added nothing for CONSOLE_HOLD_MS (a
 *   prompt; console_tick()), or at once where it got input since its last newline (an echo), or
 *   when the keyboard comes to it;
 * - of any voice: when it fills half the ring, and at console_flush().
 * When another voice then cuts in, the line is ended, and its rest goes on as "[name]+ text".
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CONSOLE_ESCAPE 0x1d /* Ctrl-]: gives the keyboard to the next voice that takes input */

void console_init(void); /* boot CPU, once */
/* CPUs of the voice's owner, one at a time.  CONSOLE_HELD: taken, and held back until
 * console_tick() or more output lets it out. */
enum console_result { CONSOLE_FULL, CONSOLE_TAKEN, CONSOLE_HELD };
enum console_result console_put(uint32_t voice, char c);
/* Like console_put(), by whoever got CONSOLE_HELD: lets held output out where none was added since
 * the last call.  true: some is held still; call again CONSOLE_HOLD_MS from now. */
#define CONSOLE_HOLD_MS 10u
bool console_tick(uint32_t voice);
/* Is there room for CONSOLE_ROOM more characters?  Where not, console_interrupt() notifies the
 * voice when there is. */
#define CONSOLE_ROOM 64u
bool console_room(uint32_t voice);
/* Like console_put(): next typed character for this voice, or -1. */
int console_get(uint32_t voice);
void console_write(const char *text, size_t size); /* voice 0, any CPU; may drop, never waits */
/* The UART's interrupt: moves input to the voice that has the keyboard, drains output.  Calls
 * `notify` with the voice that got input or room, so that its owner can be told.  `filter`, or
 * NULL, sees each typed character first, and gives what stands for it, or -1: it has taken it.
 * true: there is more, and the UART, which takes it at once, is not let interrupt for it: call
 * again CONSOLE_PAUSE_US from now.  One CPU. */
#define CONSOLE_PAUSE_US 100u
bool console_interrupt(void (*notify)(uint32_t voice), int (*filter)(int c));
void console_flush(void); /* waits until all output has left the UART; boot and power-off */
/* Boot CPU, before the first guest starts, where the deployment has no console of ours: the UART is
 * a guest's from now on: never touched again, not for a panic either; what is written vanishes. */
void console_release(void);
/* Takes the UART from everybody for good, for panics; only console_write_seized() still speaks, and
 * waits for the UART.  Any CPU; true for the first one. */
bool console_seize(void);
void console_write_seized(const char *text, size_t size);

#endif
