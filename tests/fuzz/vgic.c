/* SPDX-License-Identifier: Apache-2.0 */
/* sources: vdev/vgic[.3_]*c arch/fake/[a-z]*.c tests/unit/fixture/tables.c
 * tests/unit/fixture/vcpus.c tests/unit/fixture/vgic_guest.c tests/unit/fixture/devices.c
 * tests/unit/fixture/platform.c tests/unit/fixture/vgic_model.c */
#include "tests/fuzz/input.h"
#include "tests/unit/fixture/vgic_model.h"

/* A guest's use of its GIC against the reference model: no interrupt lost, none invented, in the
 * order of priorities, with 1, 2, 4 or 16 list registers. */

static struct input input;

static uint32_t next_below(uint32_t limit)
{
    return input_below(&input, limit);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint32_t lr_counts[] = { 1, 2, 4, 16 };

    input = (struct input){ .data = data, .left = size };
    vgic_model_start(lr_counts[next_below(4)], next_below);
    while (input.left > 0) {
        vgic_model_step();
    }
    vgic_model_drain();
    return 0;
}
