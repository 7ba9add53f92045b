/* SPDX-License-Identifier: Apache-2.0 */
#include "arch/fake/internal.h"

#include <stdlib.h>
#include <string.h>

/* Host-physical addresses are addresses of the test's own memory. */

void arch_map_select(enum arch_map map)
{
    fake_self()->map = map;
}

static void need_loader_map(void)
{
    if (fake_self()->map != ARCH_MAP_LOADER) {
        abort(); /* guest RAM is not mapped: a real CPU would fault here */
    }
}

void arch_mem_zero(hpa_t base, uint64_t size)
{
    need_loader_map();
    memset((void *)(uintptr_t)base.addr, 0, size);
}

void arch_mem_copy(hpa_t target, hpa_t source, uint64_t size)
{
    need_loader_map();
    memcpy((void *)(uintptr_t)target.addr, (const void *)(uintptr_t)source.addr, size);
}

void arch_mem_flush(hpa_t base, uint64_t size)
{
    need_loader_map();
    fake_record(FAKE_CALL_MEM_FLUSH, base.addr, size);
}

void arch_vm_flush(const struct vm_row *vm)
{
    fake_record(FAKE_CALL_FLUSH, (uint64_t)(vm - vm_rows), 0);
}
