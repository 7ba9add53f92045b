/* SPDX-License-Identifier: Apache-2.0 */
#include "vdev/vdev.h"

#include "gen/rows.h"

void vdev_reset(const struct vm_row *vm)
{
    for (uint32_t n = 0; n < vm->mmio_count; n++) {
        const struct mmio_row *row = &vm->mmio[n];

        if (row->ops->reset != NULL) {
            row->ops->reset(row->instance);
        }
    }
}
