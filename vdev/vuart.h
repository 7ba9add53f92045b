/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VDEV_VUART_H
#define VDEV_VUART_H

/*
 * What virtual UARTs of all kinds have in common: characters to and from a voice of the console
 * (platform/console.h), the interrupt line, and the lock.  A UART's file (vpl011.c, vcadence.c) has
 * the registers.  What the guest sends never makes it wait: a full voice shows as a full FIFO.
 */

#include <stdatomic.h>

#include "vdev/lock.h"
#include "vdev/vcpu.h"

#define VUART_FIFO_SIZE 64u /* the deepest receive FIFO of any kind */

/* One UART; all but `line` is guarded by the lock where the VM has several vCPUs. */
struct vuart {
    struct lock lock;
    _Atomic bool line; /* the interrupt line, as last computed */
    bool sent;         /* the transmit interrupt's cause: characters went out */
    bool blocked;      /* there was no room: raised again when there is */
    bool midline;      /* the last character sent was no newline */
    bool ticking;      /* a CPU of the VM has the alarm set, for output that the console holds */
    uint32_t head;     /* receive FIFO: next free, first taken; counting freely */
    uint32_t tail;
    char fifo[VUART_FIFO_SIZE];
};

/* Any CPU; both do nothing where the VM has one vCPU. */
void vuart_lock(struct vuart *uart, const struct vm_row *vm);
void vuart_unlock(struct vuart *uart, const struct vm_row *vm);
/* Own CPU, locked: unlocks, and tells the vGIC where the interrupt line is not as it was. */
void vuart_leave(struct vuart *uart, struct vcpu *vcpu, uint32_t instance, bool line);

/* --- Lock held --- */

/* Characters in the receive FIFO. */
static inline uint32_t vuart_fill(const struct vuart *uart)
{
    return uart->head - uart->tail;
}

/* Takes the console's input, into a FIFO of `depth`; true: some came. */
bool vuart_receive(struct vuart *uart, uint32_t voice, uint32_t depth);
/* The next character received; 0 where there is none. */
uint32_t vuart_take(struct vuart *uart);
/* Sends a character. It is lost where the voice has no room. */
void vuart_send(struct vuart *uart, uint32_t voice, char c);
/* Tells a guest that met a full FIFO of new room: sets `sent`. */
void vuart_room_again(struct vuart *uart, uint32_t voice);

/* To reset state. A line that the last run left unfinished ends, so that the next one begins with
 * its own prefix. */
void vuart_clear(struct vuart *uart, uint32_t voice);

/* --- Not locked --- */

/* Own CPU, for an alarm: lets out the line that the guest of the console's keyboard left
 * unfinished.
 */
void vuart_alarm(struct vuart *uart, struct vcpu *vcpu, uint32_t instance);

#endif
