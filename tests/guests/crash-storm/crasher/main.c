/* SPDX-License-Identifier: Apache-2.0 */

/* Looks at what a run finds, makes a mess of it, and crashes. */

#include <bulkhead/channel.h>
#include <bulkhead/irq.h>
#include <bulkhead/timer.h>
#include <bulkhead/vm.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "../../gic.h"
#include "../runs.h"

#define LIFE_NS UINT64_C(8000000)
#define MESS_SIZE 0x40000u

static uint32_t data = 7;
static uint32_t bss;

static bool all_zero(const uint8_t *memory, size_t size)
{
    return memory[0] == 0 && memcmp(memory, memory + 1, size - 1) == 0;
}

static bool is_like_the_first(struct runs *runs, const uint8_t *heap)
{
    const uint64_t found[RUNS_FINDINGS] = {
        data,
        bss,
        all_zero(heap, MESS_SIZE),
        mmio_read32(GICD + ISENABLER + 4),
        mmio_read32(GICD + ISPENDR + 4),
        mmio_read32(GICD + IPRIORITYR + 40),
        mmio_read32(GICR + GICR_SGI_FRAME + ISPENDR),
        SYSREG_READ(ttbr1_el1),
        SYSREG_READ(contextidr_el1),
    };

    if (runs->begun == 1) {
        memcpy(runs->findings, found, sizeof(found));
    }
    return memcmp(runs->findings, found, sizeof(found)) == 0;
}

int main(void)
{
    struct runs *runs = channel_open("runs")->window;
    uint8_t *heap = malloc(MESS_SIZE);
    const uint64_t taken = timer_now_ns() - runs->crashed_ns;

    runs->begun++;
    if (runs->begun == 2) {
        runs->first_restart_ns = taken;
    }
    if (runs->begun > 1 && taken > runs->longest_restart_ns) {
        runs->longest_restart_ns = taken;
    }
    if (!is_like_the_first(runs, heap)) {
        runs->unlike_the_first++;
    }
    data = runs->begun;
    bss = runs->begun;
    memset(heap, (int)(runs->begun % 255) + 1, MESS_SIZE);
    mmio_write32(GICD + ISENABLER + 4, UINT32_MAX);
    mmio_write32(GICD + ISPENDR + 4, UINT32_MAX);
    mmio_write32(GICD + IPRIORITYR + 40, UINT32_MAX);
    SYSREG_WRITE(ttbr1_el1, runs->begun);
    SYSREG_WRITE(contextidr_el1, runs->begun);
    timer_sleep(LIFE_NS);
    mmio_write32(GICR + GICR_SGI_FRAME + ISPENDR, UINT32_MAX);
    runs->crashed_ns = timer_now_ns();
    vm_crash();
}
