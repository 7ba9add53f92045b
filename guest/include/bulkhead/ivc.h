/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BULKHEAD_IVC_H
#define BULKHEAD_IVC_H

#include <stddef.h>
#include <stdint.h>

/*
 * AxVM's way to a channel: by the number `key` of the deployment file, and the publisher's `id`.
 * The window is the same that channel_open() gives, with its doorbell.  All return 0, or an error,
 * which is negative.
 */
enum ivc_error {
    IVC_UNKNOWN = -1,     /* the deployment does not let this VM do that */
    IVC_BAD_POINTER = -2, /* a result has no place in the VM's RAM */
    IVC_BAD_SIZE = -3,    /* 0, or more than the channel has */
    IVC_BAD_STATE = -4,   /* published or subscribed already, or not yet */
};

struct ivc_window {
    void *base;
    size_t size; /* of the whole channel */
};

int ivc_publish(uint64_t key, size_t size, struct ivc_window *window);
int ivc_subscribe(uint64_t publisher_id, uint64_t key, struct ivc_window *window);
int ivc_unpublish(uint64_t key); /* who has subscribed stays so */
int ivc_unsubscribe(uint64_t publisher_id, uint64_t key);

#endif
