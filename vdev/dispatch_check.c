/* SPDX-License-Identifier: Apache-2.0 */
#include "vdev/dispatch_check.h"

#include "platform/panic.h"

/* Ends are compared as last addresses: an end may wrap around to 0. */
static void check_mmio(const struct vm_row *vm)
{
    for (uint32_t n = 0; n < vm->mmio_count; n++) {
        const struct mmio_row *row = &vm->mmio[n];
        uint64_t last = row->base.addr + row->size - 1;

        ASSERT(row->size > 0 && last >= row->base.addr);
        ASSERT(n + 1 == vm->mmio_count || last < vm->mmio[n + 1].base.addr);
    }
}

static void check_port(const struct vm_row *vm)
{
    for (uint32_t n = 0; n < vm->port_count; n++) {
        const struct port_row *row = &vm->port[n];

        ASSERT(row->size > 0 && row->size <= 0x10000u - row->base);
        ASSERT(n + 1 == vm->port_count || row->base + row->size <= vm->port[n + 1].base);
    }
}

static void check_sysreg(const struct vm_row *vm)
{
    for (uint32_t n = 1; n < vm->sysreg_count; n++) {
        ASSERT(vm->sysreg[n - 1].encoding < vm->sysreg[n].encoding);
    }
}

void dispatch_check(const struct vm_row *vm)
{
    check_mmio(vm);
    check_port(vm);
    check_sysreg(vm);
}
