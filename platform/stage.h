/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PLATFORM_STAGE_H
#define PLATFORM_STAGE_H

/*
 * What the console's drainer sends next: text of voices with prefixes and line ends added, and the
 * line that stands unfinished on the terminal.  One CPU at a time: the one that drains.
 */

#include <stdbool.h>
#include <stdint.h>

#define STAGE_NOBODY (-1)
#define STAGE_NAME_MAX 40u /* longer names are cut */

bool stage_room(void);                   /* does one more character of a voice fit? */
void stage_text(uint32_t voice, char c); /* with room: adds it, and a prefix where a line begins */
void stage_cut(void);                    /* ends the unfinished line, to be continued with "+" */
int32_t stage_open(void);                /* voice of the unfinished line, or STAGE_NOBODY */
int stage_peek(void);                    /* next character to send, or -1: the stage is empty */
void stage_pop(void);                    /* it was sent */

#endif
