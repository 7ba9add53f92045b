/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/stage.h"

#include "gen/rows.h"
#include <tables.h>

#define STAGE_SIZE 192u
/* Most that one character adds: the end of another's line, "[name]+ ", a carriage return, it. */
#define STAGE_PER_CHAR (2u + STAGE_NAME_MAX + 4u + 2u)

static struct {
    uint32_t open; /* voice of the unfinished line + 1; 0: there is none */
    uint32_t size; /* of `text` that is filled */
    uint32_t sent;
    char text[STAGE_SIZE];
    /* Per voice: its unfinished line was ended for another; a carriage return is held back. */
    bool cut[COUNT_AT_LEAST_ONE(CONSOLE_VOICE_COUNT)];
    bool carriage_return[COUNT_AT_LEAST_ONE(CONSOLE_VOICE_COUNT)];
} stage;

bool stage_room(void)
{
    return stage.size + STAGE_PER_CHAR <= STAGE_SIZE;
}

static void add(char c)
{
    stage.text[stage.size++] = c;
}

static void end_line(void)
{
    add('\r');
    add('\n');
    stage.open = 0;
}

void stage_cut(void)
{
    if (stage.open != 0) {
        stage.cut[stage.open - 1] = true;
        end_line();
    }
}

static void begin_line(uint32_t voice)
{
    const char *name = console_voice_rows[voice].name;

    stage_cut();
    add('[');
    for (uint32_t i = 0; i < STAGE_NAME_MAX && name[i] != '\0'; i++) {
        add(name[i]);
    }
    add(']');
    if (stage.cut[voice]) {
        add('+');
        stage.cut[voice] = false;
    }
    add(' ');
    stage.open = voice + 1;
}

/* A carriage return goes out only in the midst of a line: before a newline ours does its work, and
 * at the start of a line it would let the text overwrite the prefix. */
void stage_text(uint32_t voice, char c)
{
    bool begins = stage.open != voice + 1;

    if (c == '\r') {
        stage.carriage_return[voice] = true;
        return;
    }
    if (begins) {
        begin_line(voice);
    }
    if (c == '\n') {
        end_line();
    } else {
        if (stage.carriage_return[voice] && !begins) {
            add('\r');
        }
        add(c);
    }
    stage.carriage_return[voice] = false;
}

int32_t stage_open(void)
{
    return (int32_t)stage.open - 1;
}

int stage_peek(void)
{
    return stage.sent < stage.size ? (uint8_t)stage.text[stage.sent] : -1;
}

void stage_pop(void)
{
    stage.sent++;
    if (stage.sent == stage.size) {
        stage.sent = 0;
        stage.size = 0;
    }
}
