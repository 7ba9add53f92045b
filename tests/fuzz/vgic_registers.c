/* SPDX-License-Identifier: Apache-2.0 */
/* sources: vdev/vgic[.3_]*c arch/fake/[a-z]*.c tests/unit/fixture/tables.c
 * tests/unit/fixture/vcpus.c tests/unit/fixture/vgic_guest.c tests/unit/fixture/devices.c
 * tests/unit/fixture/platform.c */
#include "tests/fuzz/input.h"
#include "tests/unit/fixture/vgic_guest.h"

/* Any access to any register by the vCPUs of a VM, of which one runs at a time (who needs another's
 * list registers waits for it), SGIs, interrupts and exits between them: list registers hold each
 * interrupt once, no physical interrupt of others is touched, and the other VM's registers stay. */

#define VCPU_OF_OTHER 2u
#define OTHERS_SPI 50u /* of VM 1 */
#define DIST_SIZE 0x10000u
#define REDIST_SIZE 0x20000u
#define LR_STATE(lr) ((lr) >> 62)
#define LR_VIRTUAL(lr) ((uint32_t)(lr))

static uint64_t others_registers(void)
{
    static const uint32_t at[] = { 0x0, 0x84, 0x104, 0x204, 0x304, 0x400 + OTHERS_SPI / 4 * 4 };
    uint64_t sum = 0;

    for (unsigned i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
        sum = sum * 31 + guest_dist_read(VCPU_OF_OTHER, at[i], 4);
    }
    return sum;
}

static void access(struct input *input, uint32_t vcpu)
{
    const unsigned size = 1u << input_below(input, 4);
    const uint64_t at = input_take(input, 3) & ~(uint64_t)(size - 1);
    const uint32_t kind = input_below(input, 4);

    if ((kind & 1) == 0 && (vgic_dist_ops.sizes & size) != 0) {
        if ((kind & 2) != 0) {
            guest_dist_write(vcpu, at % DIST_SIZE, size, input_take(input, 8));
        } else {
            (void)guest_dist_read(vcpu, at % DIST_SIZE, size);
        }
    } else if ((vgic_redist_ops.sizes & size) != 0) {
        const uint64_t offset = at % (2 * REDIST_SIZE);
        if ((kind & 2) != 0) {
            guest_redist_write(vcpu, 0, offset, size, input_take(input, 8));
        } else {
            (void)guest_redist_read(vcpu, 0, offset, size);
        }
    }
}

static uint32_t hand_over(uint32_t vcpu)
{
    const uint32_t other = 1 - vcpu;

    vgic_vcpu_park(guest_vcpu(vcpu));
    vgic_vcpu_reset(guest_vcpu(other));
    return other;
}

/* Returns the vCPU that runs now. */
static uint32_t step(struct input *input, uint32_t vcpu)
{
    switch (input_below(input, 12)) {
    case 0:
        vgic_send_sgi(guest_vcpu(vcpu), input_take(input, 8), input_below(input, 2) != 0);
        break;
    case 1:
        vgic_post(0, 32 + input_below(input, 64));
        break;
    case 2:
        guest_vcpu(vcpu);
        fake_irq_line(48, input_below(input, 2) != 0);
        break;
    case 3:
        (void)guest_iar(vcpu);
        break;
    case 4:
        guest_eoi(vcpu, input_below(input, 128));
        break;
    case 5:
        return hand_over(vcpu);
    default:
        access(input, vcpu);
        break;
    }
    return vcpu;
}

static void check_list_registers(void)
{
    for (uint32_t cpu = 0; cpu < 2; cpu++) {
        for (unsigned a = 0; a < FAKE_LR_MAX; a++) {
            const uint64_t lr = fake_cpus[cpu].lr[a];

            MUST(LR_STATE(lr) == 0 || a < fake_lr_count);
            for (unsigned b = 0; b < a && LR_STATE(lr) != 0; b++) {
                const uint64_t other = fake_cpus[cpu].lr[b];
                MUST(LR_STATE(other) == 0 || LR_VIRTUAL(other) != LR_VIRTUAL(lr));
            }
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = { .data = data, .left = size };

    uint32_t vcpu = 0;

    guest_start(0);
    vgic_vcpu_park(guest_vcpu(1));
    const uint64_t before = others_registers();
    while (input.left > 0) {
        vcpu = step(&input, vcpu);
        check_list_registers();
        guest_exit(vcpu);
        check_list_registers();
    }
    MUST(others_registers() == before);
    MUST(!fake_irq_enabled(OTHERS_SPI) && !fake_irq_active(OTHERS_SPI));
    return 0;
}
