/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PLATFORM_KEYBOARD_H
#define PLATFORM_KEYBOARD_H

/*
 * Which voice gets what is typed.  Used by console.c alone.
 */

#include <stdbool.h>
#include <stdint.h>

#include "platform/voice.h"

#define KEYBOARD_NOBODY (-1)

void keyboard_init(void); /* boot CPU, once: the first voice that takes input */
/* Any CPU.  Sequentially consistent, as the owner's adding is: either it sees that the keyboard
 * came, or voice_show() sees what it added. */
bool keyboard_is_at(uint32_t voice);
/* The UART's interrupt: typed characters go to the voice that has the keyboard; the escape key
 * gives it to the next one.  What a voice has no room for is lost, as in a UART whose FIFO
 * overruns. Returns the voice to notify, or KEYBOARD_NOBODY.
 * guest_voices: from voice 1 on, as voice 0 is the log's.  filter: as in console_interrupt(). */
int32_t keyboard_take(struct voice guest_voices[], int (*filter)(int c));

#endif
