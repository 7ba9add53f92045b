/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PLATFORM_LOG_RING_H
#define PLATFORM_LOG_RING_H

/*
 * The ring of the hypervisor's own voice: any CPU adds records, one at a time takes them out.
 * Nobody waits: a record is reserved by one compare-and-swap, filled, and published by its header;
 * the reader stops at a record that is still being filled.
 */

#include <stdbool.h>
#include <stddef.h>

/* Bytes: about 50 lines, a crash of several VMs at once; with the last exits of one, 100. */
#define LOG_RING_SIZE (CONFIG_TRACE ? 8192u : 4096u)

/* Any CPU; size > 0.  false: no room, the record is lost (and counted). */
bool log_ring_put(const char *text, size_t size);
/* Any CPU: is there a record to take? */
bool log_ring_ready(void);
/* The one reader: next character, or -1. */
int log_ring_get(void);
/* The one reader: records lost since the last call. */
unsigned log_ring_lost(void);

#endif
