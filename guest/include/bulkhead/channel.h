/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BULKHEAD_CHANNEL_H
#define BULKHEAD_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CHANNEL_MAX 16 /* channels of one VM that the runtime knows */

/* Memory shared with other VMs, and a doorbell to tell them.  Peers are numbered in the order in
 * which the deployment file lists them. */
struct channel {
    const char *name;
    void *window;   /* normal, coherent memory: synchronise by C11 atomics */
    size_t size;    /* bytes */
    bool writable;  /* false: a write is a data abort */
    bool doorbell;  /* false: nothing to ring or to be rung by */
    uint32_t self;  /* own peer number */
    uint32_t peers; /* bitmap of the peers that this VM may ring */
};

/* The channel of that name in the deployment file, or NULL. */
const struct channel *channel_open(const char *name);

/* Rings the doorbells of `peers` (bitmap; those that the deployment doesn't allow are left out).
 * Everything written to the window before is visible to who answers.  Any CPU. */
void channel_ring(const struct channel *channel, uint32_t peers);

typedef void (*channel_handler_fn)(const struct channel *channel, uint32_t from, void *arg);

/* Calls handler(channel, from, arg) on CPU 0, in interrupt context, when peers rang: `from` is the
 * bitmap of those that did since the last call.  Rings before this call are not lost. */
void channel_on_ring(const struct channel *channel, channel_handler_fn handler, void *arg);

#endif
