/* SPDX-License-Identifier: Apache-2.0 */
#include <stdbool.h>

#include "attacker.h"
#include "random.h"

#define RAM_BASE UINT64_C(0x100000000)
#define RAM_SIZE UINT64_C(0x1000000)
/* Channel windows and doorbells follow the VM's RAM. */
#define CHANNELS_SIZE UINT64_C(0x8000)

const struct target targets[] = {
    { 0x00000000, 0x08000000 },                   /* flash */
    { 0x08000000, 0x00010000 },                   /* GIC distributor */
    { 0x08010000, 0x00070000 },                   /* CPU interface of a GICv2, GICv2m */
    { 0x08080000, 0x00020000 },                   /* interrupt translation service */
    { 0x080a0000, 0x00080000 },                   /* redistributors of all CPUs */
    { 0x09000000, 0x00001000 },                   /* UART */
    { 0x09010000, 0x00001000 },                   /* clock */
    { 0x09020000, 0x00001000 },                   /* fw_cfg */
    { 0x09030000, 0x00001000 },                   /* GPIO */
    { 0x0a000000, 0x00004000 },                   /* virtio */
    { 0x10000000, 0x30000000 },                   /* PCIe */
    { 0x40000000, 0x08000000 },                   /* hypervisor, VMs' RAM and channels */
    { RAM_BASE + RAM_SIZE, CHANNELS_SIZE },       /* own windows and doorbells */
    { RAM_BASE + RAM_SIZE - 16, 32 },             /* ends of the own RAM */
    { RAM_BASE - 8, 8 },                          /* */
    { UINT64_C(0x3fffffffff8), 16 },              /* ends of address sizes */
    { UINT64_C(0xfffffffff8), 16 },               /* */
    { UINT64_C(0xfffffff8), 8 },                  /* */
    { UINT64_C(0xfffffffffff8), 16 },             /* */
    { UINT64_C(0xfffffffffffffff0), 8 },          /* */
    { UINT64_C(0x4000000000), 0x10000000 },       /* PCIe ECAM high */
    { UINT64_C(0x8000000000), UINT64_C(1) << 39 } /* PCIe high */
};
const size_t target_count = sizeof(targets) / sizeof(targets[0]);

uint8_t scratch[SCRATCH_SIZE] __attribute__((aligned(4096)));

static bool is_own(uint64_t address)
{
    return address + 64 > RAM_BASE && address < RAM_BASE + RAM_SIZE;
}

static uint64_t anywhere(uint64_t *random)
{
    switch (random_below(random, 4)) {
    case 0:
        return random_next(random) >> 24; /* below 2^40 */
    case 1:
        return random_next(random) >> 31; /* below 2^33 */
    default: {
        const struct target *target = &targets[random_below(random, target_count)];
        return target->base + random_next(random) % target->size;
    }
    }
}

uint64_t target_any(uint64_t *random)
{
    uint64_t address = anywhere(random);

    if (is_own(address)) {
        return (uintptr_t)scratch + address % (SCRATCH_SIZE - 64);
    }
    return random_below(random, 2) == 0 ? address : address & ~UINT64_C(7);
}

void fill_with_pointers(uint64_t *random, uint64_t *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        words[i] = target_any(random);
    }
}
