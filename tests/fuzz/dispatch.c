/* SPDX-License-Identifier: Apache-2.0 */
/* sources: vdev/dispatch.c */
#include "vdev/dispatch.h"
#include "tests/fuzz/input.h"

/* The bisections against a look at every row, in any sorted disjoint rows. */

#define ROW_MAX 24u

static struct mmio_row mmio[ROW_MAX];
static struct port_row port[ROW_MAX];
static struct sysreg_row sysreg[ROW_MAX];

static void make_rows(struct input *input, struct vm_row *vm)
{
    uint64_t next = input_take(input, 8) >> input_below(input, 64);
    uint64_t next_port = input_below(input, 64);
    uint32_t encoding = input_below(input, 16);
    const uint32_t count = input_below(input, ROW_MAX + 1);

    vm->mmio = mmio;
    vm->port = port;
    vm->sysreg = sysreg;
    for (uint32_t i = 0; i < count; i++) {
        const uint64_t gap = input_take(input, 1);
        const uint64_t size = 1 + (input_take(input, 5) >> input_below(input, 40));

        sysreg[vm->sysreg_count++].encoding = (uint16_t)encoding;
        encoding += 1 + input_below(input, 3);
        if (next_port + gap + 1 <= 0x10000) {
            struct port_row *row = &port[vm->port_count++];
            row->base = (uint16_t)(next_port + gap);
            row->size = 1 + (uint32_t)size % (0x10000u - row->base);
            next_port += gap + row->size;
        }
        if (next > UINT64_MAX - gap || next + gap > UINT64_MAX - (size - 1)) {
            continue;
        }
        mmio[vm->mmio_count++] = (struct mmio_row){ .base = GPA(next + gap), .size = size };
        next += gap + size; /* 0: the row before ends with the last address */
        if (next == 0) {
            break;
        }
    }
}

static const struct mmio_row *look_mmio(const struct vm_row *vm, uint64_t at, unsigned size)
{
    for (uint32_t i = 0; i < vm->mmio_count; i++) {
        const uint64_t last = mmio[i].base.addr + (mmio[i].size - 1);
        if (at >= mmio[i].base.addr && at <= last && last - at >= size - 1) {
            return &mmio[i];
        }
    }
    return NULL;
}

static const struct port_row *look_port(const struct vm_row *vm, uint32_t at, unsigned size)
{
    for (uint32_t i = 0; i < vm->port_count; i++) {
        if (at >= port[i].base && at + size <= port[i].base + port[i].size) {
            return &port[i];
        }
    }
    return NULL;
}

static const struct sysreg_row *look_sysreg(const struct vm_row *vm, uint32_t encoding)
{
    for (uint32_t i = 0; i < vm->sysreg_count; i++) {
        if (sysreg[i].encoding == encoding) {
            return &sysreg[i];
        }
    }
    return NULL;
}

/* At, or a little beside, an end of a row; or anywhere. */
static uint64_t some_address(struct input *input, const struct vm_row *vm)
{
    const uint32_t pick = input_below(input, ROW_MAX + 1);
    const uint64_t beside = input_take(input, 1) - 8;

    if (pick >= vm->mmio_count) {
        return input_take(input, 8);
    }
    return mmio[pick].base.addr + (beside % 2 == 0 ? 0 : mmio[pick].size) + beside / 2 - 4;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = { .data = data, .left = size };
    struct vm_row vm = { 0 };

    make_rows(&input, &vm);
    while (input.left > 0) {
        const unsigned width = 1u << input_below(&input, 4);
        const uint64_t at = some_address(&input, &vm);
        const uint32_t number = (uint32_t)at & 0xffff;

        MUST(dispatch_mmio(&vm, GPA(at), width) == look_mmio(&vm, at, width));
        MUST(dispatch_port(&vm, number, width) == look_port(&vm, number, width));
        MUST(dispatch_sysreg(&vm, number & 0x7f) == look_sysreg(&vm, number & 0x7f));
    }
    return 0;
}
