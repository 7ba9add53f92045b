/* SPDX-License-Identifier: Apache-2.0 */
#include "bulkhead/ivc.h"

#include "bulkhead/vm.h"

/* AxVM's numbers and arguments: docs/channels.md. */
#define IVC_PUBLISH 3u
#define IVC_SUBSCRIBE 4u
#define IVC_UNPUBLISH 5u
#define IVC_UNSUBSCRIBE 6u

int ivc_publish(uint64_t key, size_t size, struct ivc_window *window)
{
    uint64_t base = 0;
    uint64_t whole = size;
    const uint64_t args[4] = { key, (uintptr_t)&base, (uintptr_t)&whole, 0 };
    const int status = (int)vm_call(IVC_PUBLISH, args, NULL);

    *window = (struct ivc_window){ .base = (void *)(uintptr_t)base, .size = whole };
    return status;
}

int ivc_subscribe(uint64_t publisher_id, uint64_t key, struct ivc_window *window)
{
    uint64_t base = 0;
    uint64_t whole = 0;
    const uint64_t args[4] = { publisher_id, key, (uintptr_t)&base, (uintptr_t)&whole };
    const int status = (int)vm_call(IVC_SUBSCRIBE, args, NULL);

    *window = (struct ivc_window){ .base = (void *)(uintptr_t)base, .size = whole };
    return status;
}

int ivc_unpublish(uint64_t key)
{
    const uint64_t args[4] = { key, 0, 0, 0 };

    return (int)vm_call(IVC_UNPUBLISH, args, NULL);
}

int ivc_unsubscribe(uint64_t publisher_id, uint64_t key)
{
    const uint64_t args[4] = { publisher_id, key, 0, 0 };

    return (int)vm_call(IVC_UNSUBSCRIBE, args, NULL);
}
