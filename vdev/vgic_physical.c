/* SPDX-License-Identifier: Apache-2.0 */
#include "vdev/vgic_direct.h"
#include "vdev/vgic_state.h"

/* Linked interrupts: what a guest does to them is done to the physical ones. */

uint32_t vgic_physical_intid(uint32_t vm, uint32_t intid)
{
    return LINKED_SPI_COUNT == 0 || intid < 32 ? intid : vgic_rows[vm].spi_physical[intid - 32];
}

static void apply(uint32_t word, uint32_t bits, enum vgic_physical what)
{
    switch (what) {
    case VGIC_PHYSICAL_ENABLE:
        arch_irq_enable(word, bits);
        break;
    case VGIC_PHYSICAL_DISABLE:
        arch_irq_disable(word, bits);
        break;
    case VGIC_PHYSICAL_PEND:
        arch_irq_pend(word, bits);
        break;
    case VGIC_PHYSICAL_UNPEND:
        arch_irq_unpend(word, bits);
        break;
    case VGIC_PHYSICAL_DEACTIVATE:
        for (; bits != 0; bits &= bits - 1) {
            arch_irq_deactivate(32 * word + (uint32_t)__builtin_ctz(bits));
        }
        break;
    }
}

/* Guest and host numbers mostly agree, so this mostly is one call for a whole word. */
void vgic_physical_spi(uint32_t vm, uint32_t word, uint32_t bits, enum vgic_physical what)
{
    uint32_t physical_word = 0;
    uint32_t physical_bits = 0;

    if (LINKED_SPI_COUNT == 0) {
        return;
    }
    for (bits &= vgic_rows[vm].spi_hardware[word - 1]; bits != 0; bits &= bits - 1) {
        uint32_t intid = vgic_physical_intid(vm, 32 * word + (uint32_t)__builtin_ctz(bits));

        if (physical_bits != 0 && intid / 32 != physical_word) {
            apply(physical_word, physical_bits, what);
            physical_bits = 0;
        }
        physical_word = intid / 32;
        physical_bits |= 1u << (intid % 32);
    }
    if (physical_bits != 0) {
        apply(physical_word, physical_bits, what);
    }
}

/* Of another vCPU's PPIs the hardware can't be asked: none. */
uint32_t vgic_physical_pending(const struct vcpu *vcpu, struct vgic_cpu *cpu, uint32_t word)
{
    uint32_t linked = vgic_word(vgic_of(vcpu), cpu, word)->linked;
    uint32_t pending = 0;

    if (word == 0) {
        return cpu == vgic_cpu_of(vcpu) ? arch_irq_pending(0) & linked : 0;
    }
    for (; LINKED_SPI_COUNT > 0 && linked != 0; linked &= linked - 1) {
        uint32_t n = (uint32_t)__builtin_ctz(linked);
        uint32_t intid = vgic_physical_intid(vcpu->vm, 32 * word + n);

        if ((arch_irq_pending(intid / 32) & (1u << (intid % 32))) != 0) {
            pending |= 1u << n;
        }
    }
    return pending;
}

void vgic_enabled_changed(struct vcpu *vcpu, uint32_t word, uint32_t bits, bool enable)
{
    if (word == 0) {
        vgic_private_sync(vcpu);
    } else {
        vgic_physical_spi(vcpu->vm, word, bits,
                          enable ? VGIC_PHYSICAL_ENABLE : VGIC_PHYSICAL_DISABLE);
    }
}

void vgic_physical_release(struct vcpu *vcpu, struct vgic_cpu *cpu, uint32_t word, uint32_t bits)
{
    struct vgic_word *state = vgic_word(vgic_of(vcpu), cpu, word);

    bits &= state->held;
    if (bits == 0) {
        return;
    }
    state->held &= ~bits;
    if (word == 0) {
        cpu->ppi_release |= bits;
        if (cpu == vgic_cpu_of(vcpu)) {
            vgic_private_sync(vcpu);
        }
    } else {
        vgic_physical_spi(vcpu->vm, word, bits, VGIC_PHYSICAL_DEACTIVATE);
    }
}

/* An edge is pended again; a level line that is still high presents itself. */
void vgic_give_back(struct vcpu *vcpu, struct vgic_cpu *cpu, uint32_t word, uint32_t bits,
                    bool forget)
{
    struct vgic_word *state = vgic_word(vgic_of(vcpu), cpu, word);

    bits &= state->arrived;
    state->arrived &= ~bits;
    if (word != 0 && !forget) {
        vgic_physical_spi(vcpu->vm, word, bits & state->edge, VGIC_PHYSICAL_PEND);
    }
    vgic_physical_release(vcpu, cpu, word, bits);
}

void vgic_private_sync(struct vcpu *vcpu)
{
    struct vgic_cpu *cpu = vgic_cpu_of(vcpu);
    uint32_t wanted = cpu->private.enabled & cpu->private.linked;
    uint32_t changed = wanted ^ cpu->ppi_enabled;

    if ((changed & wanted) != 0) {
        arch_irq_enable(0, changed & wanted);
    }
    if ((changed & ~wanted) != 0) {
        arch_irq_disable(0, changed & ~wanted);
    }
    cpu->ppi_enabled = wanted;
    if (cpu->ppi_release != 0) {
        apply(0, cpu->ppi_release, VGIC_PHYSICAL_DEACTIVATE);
        cpu->ppi_release = 0;
    }
}

void vgic_vm_quiet(uint32_t vm)
{
    if (vgic_is_direct(vm)) {
        vgic_direct_vm_quiet(vm);
        return;
    }
    for (uint32_t i = 0; i < vgic_rows[vm].spi_count / 32u; i++) {
        struct vgic_word *word = &vgics[vm].spi[i];

        vgic_physical_spi(vm, i + 1, UINT32_MAX, VGIC_PHYSICAL_DISABLE);
        vgic_physical_spi(vm, i + 1, word->held, VGIC_PHYSICAL_DEACTIVATE);
        word->arrived = 0;
        word->active &= ~word->held;
        word->held = 0;
    }
}
