/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PLATFORM_VOICE_H
#define PLATFORM_VOICE_H

/*
 * The rings of a guest's voice: output that its owner fills and the console drains, input the other
 * way round.  One writer and one reader each; nobody waits.  Used by console.c alone.
 */

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define VOICE_OUTPUT_SIZE 2048u
#define VOICE_INPUT_SIZE 512u /* a pasted line, while its reader is slow */

/* Indices count freely and wrap around. */
struct voice {
    _Atomic uint32_t head;  /* the owner fills */
    _Atomic uint32_t due;   /* owner: output up to here goes out, the rest is held */
    _Atomic uint32_t shown; /* console: so does output up to here */
    _Atomic uint32_t tail;  /* the console takes */
    uint32_t ticked;        /* owner: head at the last voice_tick() */
    bool answers;           /* owner: got input since its last newline */
    _Atomic bool starved;   /* the owner found no room and wants to hear of it */
    char output[VOICE_OUTPUT_SIZE];
    _Atomic uint32_t input_head; /* the console fills */
    _Atomic uint32_t input_tail; /* the owner takes */
    char input[VOICE_INPUT_SIZE];
};

/* Owner, with room: adds a character; true: it is due, and what was held before it. */
bool voice_put(struct voice *voice, char c);
/* Owner: releases what is held, if nothing was added since the last call; true: some still is. */
bool voice_tick(struct voice *voice);
void voice_release(struct voice *voice); /* owner: what is held becomes due */
void voice_show(struct voice *voice);    /* console: what is held now goes out */
/* Any CPU: characters that fit. */
uint32_t voice_room(const struct voice *voice);
/* Any CPU: is there something that may go out?  all: also what is held. */
bool voice_ready(const struct voice *voice, bool all);
/* Console: takes the next such character, or -1. */
int voice_take(struct voice *voice, bool all);

/* Console: false: the ring is full, the character is lost. */
bool voice_type(struct voice *voice, char c);
/* Owner: next typed character, or -1. */
int voice_typed(struct voice *voice);

#endif
