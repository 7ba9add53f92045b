/* SPDX-License-Identifier: Apache-2.0 */
#include "vdev/vgic_direct.h"

#include "arch/arch.h"
#include "arch/direct.h"
#include "gen/rows.h"
#include "vdev/vgic_direct_state.h"

/* Life of the VM, and interrupts of emulated devices. */

uint32_t vgic_direct_pcpu(const struct vgic_cpu *cpu)
{
    return vcpu_rows[cpu - vgic_cpus].pcpu;
}

uint32_t vgic_direct_owned(uint32_t vm, uint32_t word)
{
    if (word == 0) {
        return VGIC_SGI_MASK | VGIC_PPI_LINKED;
    }
    return word <= vgic_rows[vm].spi_count / 32u ? vgic_rows[vm].spi_owned[word - 1] : 0;
}

/* SPIs that are routed to a vCPU of the VM. */
static uint32_t routed(const struct vgic *gic, uint32_t word)
{
    uint32_t bits = 0;

    for (uint32_t n = 0; n < 32; n++) {
        if (atomic_load_explicit(&gic->route[32 * (word - 1) + n], memory_order_relaxed) !=
            VGIC_ROUTE_NONE) {
            bits |= 1u << n;
        }
    }
    return bits;
}

void vgic_direct_apply(uint32_t vm, struct vgic_cpu *cpu, uint32_t word)
{
    struct vgic *gic = &vgics[vm];
    uint32_t pcpu = vgic_direct_pcpu(cpu);
    uint32_t owned = vgic_direct_owned(vm, word);
    uint32_t have = arch_direct_get(pcpu, word, ARCH_DIRECT_ENABLED) & owned;
    uint32_t want = 0;

    if ((gic->ctlr & VGIC_DIRECT_ENABLE) != 0) {
        want = vgic_word(gic, cpu, word)->enabled & owned;
        want &= word == 0 ? UINT32_MAX : routed(gic, word);
    }
    if ((want & ~have) != 0) {
        arch_direct_set(pcpu, word, ARCH_DIRECT_ENABLED, want & ~have);
    }
    if ((have & ~want) != 0) {
        arch_direct_clear(pcpu, word, ARCH_DIRECT_ENABLED, have & ~want);
    }
}

/* Every enable of the VM stands behind GICD_CTLR, the redistributors' too. */
void vgic_direct_ctlr_write(struct vcpu *vcpu, uint32_t value)
{
    struct vgic *gic = vgic_of(vcpu);
    const struct vm_row *row = vcpu->vm_row;

    vgic_enter(vcpu);
    gic->ctlr = value;
    for (uint32_t word = 1; word <= vgic_rows[vcpu->vm].spi_count / 32u; word++) {
        vgic_direct_apply(vcpu->vm, vgic_cpu_of(vcpu), word);
    }
    for (uint32_t i = 0; i < row->vcpu_count; i++) {
        vgic_direct_apply(vcpu->vm, &vgic_cpus[row->vcpu_first + i], 0);
    }
    vgic_leave(vcpu);
}

/* The owned interrupts of a word: disabled, idle, priority 0. */
static void word_quiet(uint32_t vm, struct vgic_cpu *cpu, uint32_t word)
{
    uint32_t pcpu = vgic_direct_pcpu(cpu);
    uint32_t owned = vgic_direct_owned(vm, word);

    arch_direct_clear(pcpu, word, ARCH_DIRECT_ENABLED, owned);
    arch_direct_clear(pcpu, word, ARCH_DIRECT_PENDING, owned);
    arch_direct_clear(pcpu, word, ARCH_DIRECT_ACTIVE, owned);
    for (uint32_t left = owned; left != 0; left &= left - 1) {
        arch_direct_priority_set(pcpu, 32 * word + (uint32_t)__builtin_ctz(left), 0);
    }
    vgic_word(&vgics[vm], cpu, word)->enabled = 0;
    atomic_store(&vgic_word(&vgics[vm], cpu, word)->line, 0);
}

static void spi_reset(uint32_t vm, uint32_t intid)
{
    struct vgic *gic = &vgics[vm];

    uint32_t first = vcpu_rows[vm_rows[vm].vcpu_first].pcpu;

    gic->router[intid - 32] = CONFIG_VDEV_VGIC2 ? arch_direct_target(first) : 0;
    atomic_store(&gic->route[intid - 32], 0);
    if ((vgic_direct_owned(vm, intid / 32) & 1u << intid % 32) != 0) {
        arch_irq_configure(intid, irq_rows[intid - 32].edge);
        arch_irq_route(intid, first);
    }
}

void vgic_direct_vm_quiet(uint32_t vm)
{
    struct vgic_cpu *first = &vgic_cpus[vm_rows[vm].vcpu_first];

    vgics[vm].ctlr = 0;
    for (uint32_t word = 1; word <= vgic_rows[vm].spi_count / 32u; word++) {
        word_quiet(vm, first, word);
    }
    for (uint32_t i = 0; i < vm_rows[vm].vcpu_count; i++) {
        word_quiet(vm, &first[i], 0);
    }
}

void vgic_direct_vm_reset(uint32_t vm)
{
    vgic_direct_vm_quiet(vm);
    for (uint32_t intid = 32; intid < 32u + vgic_rows[vm].spi_count; intid++) {
        spi_reset(vm, intid);
    }
    for (uint32_t i = 0; i < vm_rows[vm].vcpu_count; i++) {
        vgic_cpus[vm_rows[vm].vcpu_first + i].waker = VGIC_WAKER_SLEEP | VGIC_WAKER_ASLEEP;
    }
}

void vgic_direct_vcpu_reset(struct vcpu *vcpu)
{
    (void)vcpu;
    arch_direct_cpu_reset();
}

void vgic_direct_vcpu_park(struct vcpu *vcpu)
{
    (void)vcpu;
    arch_direct_cpu_park();
}

void vgic_direct_set_line(struct vcpu *vcpu, uint32_t intid, bool high)
{
    uint32_t word = intid / 32;
    uint32_t bit = 1u << (intid % 32);
    struct vgic_word *state = vgic_word(vgic_of(vcpu), vgic_cpu_of(vcpu), word);
    uint32_t before;

    vgic_enter(vcpu);
    if (high) {
        atomic_fetch_or_explicit(&state->line, bit, memory_order_relaxed);
        arch_direct_set(vcpu->row->pcpu, word, ARCH_DIRECT_PENDING, bit);
    } else {
        before = atomic_fetch_and_explicit(&state->line, ~bit, memory_order_relaxed);
        if ((before & bit) != 0) {
            arch_direct_clear(vcpu->row->pcpu, word, ARCH_DIRECT_PENDING, bit);
        }
    }
    vgic_leave(vcpu);
}

void vgic_direct_lines(struct vcpu *vcpu)
{
    for (uint32_t word = 1; word <= vgic_rows[vcpu->vm].spi_count / 32u; word++) {
        const struct vgic_word *state = &vgic_of(vcpu)->spi[word - 1];

        if (atomic_load_explicit(&state->line, memory_order_relaxed) == 0) {
            continue;
        }
        vgic_enter(vcpu);
        arch_direct_set(vcpu->row->pcpu, word, ARCH_DIRECT_PENDING,
                        atomic_load_explicit(&state->line, memory_order_relaxed));
        vgic_leave(vcpu);
    }
}

void vgic_direct_post(uint32_t intid)
{
    arch_direct_set(0, intid / 32, ARCH_DIRECT_PENDING, 1u << (intid % 32));
}
