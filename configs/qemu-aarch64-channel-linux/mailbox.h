/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CHANNEL_LINUX_MAILBOX_H
#define CHANNEL_LINUX_MAILBOX_H

#include <stdint.h>

/*
 * What Linux and its partner share: a mailbox for each direction, at its own offset in the window.
 * Linux maps the window as device memory, so all of it is accessed by aligned words.  The sender
 * writes the text, then the number; the receiver reads the number first.
 */
#define MAILBOX_TO_PARTNER 0x0000u
#define MAILBOX_TO_LINUX 0x1000u
#define MAILBOX_WORDS 62u

struct mailbox {
    volatile uint32_t number; /* of the message, from 1 */
    volatile uint32_t size;   /* of the text, bytes */
    volatile uint32_t text[MAILBOX_WORDS];
};

/* Between the text and the number, in both directions. */
static inline void mailbox_barrier(void)
{
    __asm__ volatile("dmb sy" ::: "memory");
}

static inline void mailbox_put(struct mailbox *box, uint32_t number, const char *text,
                               uint32_t size)
{
    size = size > 4 * MAILBOX_WORDS ? 4 * MAILBOX_WORDS : size;
    for (uint32_t word = 0; word < (size + 3) / 4; word++) {
        uint32_t value = 0;
        for (uint32_t byte = 4 * word; byte < 4 * word + 4 && byte < size; byte++) {
            value |= (uint32_t)(uint8_t)text[byte] << (8 * (byte % 4));
        }
        box->text[word] = value;
    }
    box->size = size;
    mailbox_barrier();
    box->number = number;
}

/* The text of message `number`, not terminated; its size, or -1: it is not there.  The other side
 * may write anything: a size that can't be is cut. */
static inline int mailbox_get(const struct mailbox *box, uint32_t number,
                              char text[4 * MAILBOX_WORDS])
{
    if (box->number != number) {
        return -1;
    }
    mailbox_barrier();
    const uint32_t size = box->size > 4 * MAILBOX_WORDS ? 4 * MAILBOX_WORDS : box->size;
    for (uint32_t byte = 0; byte < size; byte++) {
        text[byte] = (char)(uint8_t)(box->text[byte / 4] >> (8 * (byte % 4)));
    }
    return (int)size;
}

#endif
