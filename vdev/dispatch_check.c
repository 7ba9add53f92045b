/* SPDX-License-Identifier: Apache-2.0 */
#include "vdev/dispatch_check.h"

#include "platform/panic.h"

/* Ends are compared as last addresses: an end may wrap around to 0. */
static bool mmio_sorted(const struct vm_row *vm)
{
    for (uint32_t n = 0; n < vm->mmio_count; n++) {
        const struct mmio_row *row = &vm->mmio[n];
        uint64_t last = row->base.addr + row->size - 1;

        if (row->size == 0 || last < row->base.addr ||
            (n + 1 < vm->mmio_count && last >= vm->mmio[n + 1].base.addr)) {
            return false;
        }
    }
    return true;
}

static bool port_sorted(const struct vm_row *vm)
{
    for (uint32_t n = 0; n < vm->port_count; n++) {
        const struct port_row *row = &vm->port[n];

        if (row->size == 0 || row->size > 0x10000u - row->base ||
            (n + 1 < vm->port_count && row->base + row->size > vm->port[n + 1].base)) {
            return false;
        }
    }
    return true;
}

static bool sysreg_sorted(const struct vm_row *vm)
{
    for (uint32_t n = 1; n < vm->sysreg_count; n++) {
        if (vm->sysreg[n - 1].encoding >= vm->sysreg[n].encoding) {
            return false;
        }
    }
    return true;
}

void dispatch_check(const struct vm_row *vm)
{
    bool sorted = mmio_sorted(vm) && (!CONFIG_VDEV_PORT || port_sorted(vm)) && sysreg_sorted(vm);

    ASSERT(sorted);
}
