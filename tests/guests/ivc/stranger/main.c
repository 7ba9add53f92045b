/* SPDX-License-Identifier: Apache-2.0 */

/* Has no right to any channel: every call of AxVM's is refused, and so is every way around. */

#include <bulkhead/ivc.h>
#include <bulkhead/vm.h>

#include "../../check.h"
#include "../shared.h"

struct checks checks;

int main(void)
{
    struct ivc_window window;
    bool unknown = true;
    bool supported = false;

    for (uint64_t id = 0; id < 16; id++) {
        for (uint64_t key = 0; key < 64; key++) {
            unknown = unknown && ivc_subscribe(id, key, &window) == IVC_UNKNOWN &&
                      ivc_unsubscribe(id, key) == IVC_UNKNOWN;
        }
    }
    check("nothing to subscribe", unknown);
    for (uint64_t key = 0; key < 64; key++) {
        unknown = unknown && ivc_publish(key, 8, &window) == IVC_UNKNOWN &&
                  ivc_unpublish(key) == IVC_UNKNOWN;
    }
    check("nothing to publish", unknown);
    for (uint32_t function = 0; function < 16; function++) {
        if (function < PUBLISH || function > UNSUBSCRIBE) {
            supported = supported || vm_hvc(function, KEY, 0, 0) != -1;
        }
        supported = supported || vm_smc(function, KEY, 0, 0) != -1;
    }
    check("no other numbers, none by SMC", !supported);
    return check_end();
}
