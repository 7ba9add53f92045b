/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VDEV_IVC_H
#define VDEV_IVC_H

#include <stdbool.h>
#include <stdint.h>

#include "vdev/vcpu.h"

/*
 * AxVM's calls for inter-VM channels (HVC #0, number in x0, arguments in x1 to x4), as look-ups
 * into ivc_rows: docs/channels.md.  The windows are in the VMs' stage 2 from the start, so the
 * calls tell where they are, and keep who has published and subscribed what.
 */
#define IVC_PUBLISH 3u     /* key, where to write the base, where the size is and will be */
#define IVC_SUBSCRIBE 4u   /* publisher's id, key, where to write the base, and the size */
#define IVC_UNPUBLISH 5u   /* key */
#define IVC_UNSUBSCRIBE 6u /* publisher's id, key */

#define IVC_SUCCESS 0
#define IVC_UNKNOWN (-1)     /* no such channel for this VM in this role */
#define IVC_BAD_POINTER (-2) /* not writable RAM of the VM, or both in one place */
#define IVC_BAD_SIZE (-3)    /* 0, or more than the channel has */
#define IVC_BAD_STATE (-4)   /* published or subscribed already, or not yet */

static inline bool ivc_is_call(uint32_t function)
{
    return function >= IVC_PUBLISH && function <= IVC_UNSUBSCRIBE;
}

/* Own CPU: serves call `function` of the guest, with its x1 to x4; returns what x0 shall be. */
int64_t ivc_call(struct vcpu *vcpu, uint32_t function, const uint64_t args[4]);

/* Before the VM (re)starts: it has published and subscribed nothing. */
void ivc_vm_reset(uint32_t vm);

#endif
