/* SPDX-License-Identifier: Apache-2.0 */
#include "arch/arch.h"
#include "arch/direct.h"
#include "vdev/vgic_bank.h"
#include "vdev/vgic_direct_state.h"

/* The registers that hold 32 interrupts each (GICv3 12.9, 12.11), done to the physical ones.  What
 * the VM does not own reads as zero and ignores writes, like an interrupt that is not there. */

static uint64_t read_priority(uint32_t vm, uint32_t pcpu, uint32_t intid, unsigned size)
{
    uint64_t value = 0;

    for (unsigned i = 0; i < size; i++) {
        uint32_t n = intid + i;

        if ((vgic_direct_owned(vm, n / 32) & 1u << n % 32) != 0) {
            value |= (uint64_t)arch_direct_priority_get(pcpu, n) << (8 * i);
        }
    }
    return value;
}

static void write_priority(uint32_t vm, uint32_t pcpu, uint32_t intid, unsigned size,
                           uint64_t value)
{
    for (unsigned i = 0; i < size; i++) {
        uint32_t n = intid + i;

        if ((vgic_direct_owned(vm, n / 32) & 1u << n % 32) != 0) {
            arch_direct_priority_set(pcpu, n, (uint8_t)(value >> (8 * i)));
        }
    }
}

/* ICFGR: 16 interrupts from `intid` on. */
static uint64_t read_config(uint32_t vm, uint32_t pcpu, uint32_t intid)
{
    uint32_t owned = vgic_direct_owned(vm, intid / 32) >> intid % 32 & 0xffff;
    uint64_t value = 0;

    for (; owned != 0; owned &= owned - 1) {
        uint32_t n = (uint32_t)__builtin_ctz(owned);

        value |= arch_direct_edge(pcpu, intid + n) ? UINT64_C(2) << (2 * n) : 0;
    }
    return value;
}

/* SPIs; SGIs and PPIs are what they are.  UNPREDICTABLE while it is enabled (GICv3 12.9.9): a guest
 * may try, hardware must not. */
static void write_config(struct vcpu *vcpu, uint32_t intid, uint64_t value)
{
    uint32_t pcpu = vcpu->row->pcpu;
    uint32_t word = intid / 32;
    uint32_t owned = word == 0 ? 0 : vgic_direct_owned(vcpu->vm, word) >> intid % 32 & 0xffff;

    vgic_enter(vcpu);
    for (; owned != 0; owned &= owned - 1) {
        uint32_t n = (uint32_t)__builtin_ctz(owned);
        bool edge = (value >> (2 * n) & 2) != 0;

        if (edge != arch_direct_edge(pcpu, intid + n)) {
            arch_direct_clear(pcpu, word, ARCH_DIRECT_ENABLED, 1u << (intid % 32 + n));
            arch_irq_configure(intid + n, edge);
        }
    }
    vgic_direct_apply(vcpu->vm, vgic_cpu_of(vcpu), word);
    vgic_leave(vcpu);
}

static uint32_t read_enabled(struct vcpu *vcpu, struct vgic_cpu *cpu, uint32_t word)
{
    uint32_t value;

    vgic_enter(vcpu);
    value = vgic_word(vgic_of(vcpu), cpu, word)->enabled;
    vgic_leave(vcpu);
    return value;
}

static uint64_t read_word(struct vcpu *vcpu, struct vgic_cpu *cpu, uint32_t bank, uint32_t word)
{
    uint32_t owned = vgic_direct_owned(vcpu->vm, word);
    uint32_t pcpu = vgic_direct_pcpu(cpu);

    switch (bank) {
    case VGIC_BANK_GROUP: /* of a GICv2 as non-secure software finds it (IHI 0048 3.4) */
        return CONFIG_VDEV_VGIC2 ? 0 : owned;
    case VGIC_BANK_ENABLE:
    case VGIC_BANK_DISABLE:
        return read_enabled(vcpu, cpu, word);
    case VGIC_BANK_PEND:
    case VGIC_BANK_UNPEND:
        return arch_direct_get(pcpu, word, ARCH_DIRECT_PENDING) & owned;
    case VGIC_BANK_ACTIVATE:
    case VGIC_BANK_DEACTIVATE:
        return arch_direct_get(pcpu, word, ARCH_DIRECT_ACTIVE) & owned;
    default:
        return 0;
    }
}

static void write_enable(struct vcpu *vcpu, struct vgic_cpu *cpu, uint32_t word, uint32_t bits,
                         bool enable)
{
    struct vgic_word *state = vgic_word(vgic_of(vcpu), cpu, word);

    vgic_enter(vcpu);
    state->enabled = enable ? state->enabled | bits : state->enabled & ~bits;
    vgic_direct_apply(vcpu->vm, cpu, word);
    vgic_leave(vcpu);
}

/* An emulated device's line that is high stays pending, as a level would. */
static void write_unpend(struct vcpu *vcpu, struct vgic_cpu *cpu, uint32_t word, uint32_t bits)
{
    const struct vgic_word *state = vgic_word(vgic_of(vcpu), cpu, word);

    vgic_enter(vcpu);
    bits &= ~atomic_load_explicit(&state->line, memory_order_relaxed);
    arch_direct_clear(vgic_direct_pcpu(cpu), word, ARCH_DIRECT_PENDING, bits);
    vgic_leave(vcpu);
}

static void write_word(struct vcpu *vcpu, struct vgic_cpu *cpu, uint32_t bank, uint32_t word,
                       uint32_t value)
{
    uint32_t bits = value & vgic_direct_owned(vcpu->vm, word);
    uint32_t pcpu = vgic_direct_pcpu(cpu);

    switch (bank) {
    case VGIC_BANK_ENABLE:
        vgic_tell_ownerless(vcpu, word, value);
        write_enable(vcpu, cpu, word, bits, true);
        break;
    case VGIC_BANK_DISABLE:
        write_enable(vcpu, cpu, word, bits, false);
        break;
    case VGIC_BANK_PEND:
        arch_direct_set(pcpu, word, ARCH_DIRECT_PENDING, bits);
        break;
    case VGIC_BANK_UNPEND:
        write_unpend(vcpu, cpu, word, bits);
        break;
    case VGIC_BANK_ACTIVATE:
        arch_direct_set(pcpu, word, ARCH_DIRECT_ACTIVE, bits);
        break;
    case VGIC_BANK_DEACTIVATE:
        arch_direct_clear(pcpu, word, ARCH_DIRECT_ACTIVE, bits);
        break;
    default:
        break;
    }
}

/* The word whose registers are at `offset`.  The distributor (`cpu` NULL) has no word 0. */
static bool find_word(uint32_t vm, const struct vgic_cpu *cpu, uint32_t intid, uint32_t *word)
{
    *word = intid / 32;
    return cpu != NULL ? *word == 0 : *word != 0 && *word <= vgic_rows[vm].spi_count / 32u;
}

uint64_t vgic_direct_bank_read(struct vcpu *vcpu, struct vgic_cpu *cpu, uint64_t offset,
                               unsigned size)
{
    struct vgic_cpu *own = cpu != NULL ? cpu : vgic_cpu_of(vcpu);
    uint32_t pcpu = vgic_direct_pcpu(own);
    uint32_t at = (uint32_t)offset;
    uint32_t word;

    if (at >= VGIC_PRIORITY_BASE && at < VGIC_PRIORITY_END) {
        return size <= 4 && find_word(vcpu->vm, cpu, at - VGIC_PRIORITY_BASE, &word)
                   ? read_priority(vcpu->vm, pcpu, at - VGIC_PRIORITY_BASE, size)
                   : 0;
    }
    if (size != 4) {
        return 0;
    }
    if (at >= VGIC_CONFIG_BASE && at < VGIC_CONFIG_END) {
        return find_word(vcpu->vm, cpu, 4 * (at - VGIC_CONFIG_BASE), &word)
                   ? read_config(vcpu->vm, pcpu, 4 * (at - VGIC_CONFIG_BASE))
                   : 0;
    }
    return find_word(vcpu->vm, cpu, 8 * (at & 0x7f), &word) ? read_word(vcpu, own, at / 0x80, word)
                                                            : 0;
}

void vgic_direct_bank_write(struct vcpu *vcpu, struct vgic_cpu *cpu, uint64_t offset, unsigned size,
                            uint64_t value)
{
    struct vgic_cpu *own = cpu != NULL ? cpu : vgic_cpu_of(vcpu);
    uint32_t pcpu = vgic_direct_pcpu(own);
    uint32_t at = (uint32_t)offset;
    uint32_t word;

    if (at >= VGIC_PRIORITY_BASE && at < VGIC_PRIORITY_END) {
        if (size <= 4 && find_word(vcpu->vm, cpu, at - VGIC_PRIORITY_BASE, &word)) {
            write_priority(vcpu->vm, pcpu, at - VGIC_PRIORITY_BASE, size, value);
        }
    } else if (size != 4) {
        return;
    } else if (at >= VGIC_CONFIG_BASE && at < VGIC_CONFIG_END) {
        if (find_word(vcpu->vm, cpu, 4 * (at - VGIC_CONFIG_BASE), &word)) {
            write_config(vcpu, 4 * (at - VGIC_CONFIG_BASE), value);
        }
    } else if (find_word(vcpu->vm, cpu, 8 * (at & 0x7f), &word)) {
        write_word(vcpu, own, at / 0x80, word, (uint32_t)value);
    }
}
