/* SPDX-License-Identifier: Apache-2.0 */
#include "vdev/vgic.h"

#include <string.h>

#include "vdev/vgic_direct.h"
#include "vdev/vgic_state.h"

struct vgic vgics[VM_COUNT];
struct vgic_cpu vgic_cpus[VCPU_COUNT];

static void word_reset(struct vgic_word *word, uint32_t edge, uint32_t linked)
{
    memset(word, 0, sizeof(*word));
    word->edge = edge;
    word->linked = linked;
}

static void cpu_reset(uint32_t vm, uint32_t index)
{
    struct vgic_cpu *cpu = &vgic_cpus[vm_rows[vm].vcpu_first + index];

    word_reset(&cpu->private, VGIC_SGI_MASK, VGIC_PPI_LINKED);
    memset(cpu->mine, 0, sizeof(cpu->mine));
    /* IROUTER resets to affinity 0.0.0.0; who has none gets its SPIs at vCPU 0 all the same.  GICv2
     * leaves open where they go at first. */
    memset(cpu->target, index == 0 ? 0xff : 0, sizeof(cpu->target));
    cpu->mine[0] = UINT32_MAX;
    cpu->target[0] = UINT32_MAX;
    cpu->waker = VGIC_WAKER_SLEEP | VGIC_WAKER_ASLEEP;
    cpu->busy = 0;
    cpu->ppi_release = 0;
    atomic_store_explicit(&cpu->sgis, 0, memory_order_relaxed);
    if (CONFIG_VDEV_VGIC2) {
        vgic2_sgi_reset(cpu);
    }
}

/* The bit's physical interrupt as the rows configure it; returns the bit if that is an edge. */
static uint32_t physical_reset(uint32_t vm, uint32_t intid)
{
    uint32_t physical = vgic_physical_intid(vm, intid);
    bool edge = irq_rows[physical - 32].edge;

    arch_irq_configure(physical, edge);
    arch_irq_route(physical, vcpu_rows[vm_rows[vm].vcpu_first].pcpu);
    return edge ? 1u << (intid % 32) : 0;
}

static void spi_reset(uint32_t vm, uint32_t index)
{
    struct vgic *gic = &vgics[vm];
    uint32_t linked = LINKED_SPI_COUNT > 0 ? vgic_rows[vm].spi_hardware[index] : 0;
    uint32_t edge = 0;

    vgic_physical_spi(vm, index + 1, linked, VGIC_PHYSICAL_UNPEND);
    for (uint32_t left = linked; left != 0; left &= left - 1) {
        edge |= physical_reset(vm, 32 * (index + 1) + (uint32_t)__builtin_ctz(left));
    }
    word_reset(&gic->spi[index], edge, linked);
    for (uint32_t i = 32 * index; i < 32 * (index + 1); i++) {
        gic->router[i] = VGIC_ROUTER_RESET;
        atomic_store(&gic->route[i], 0);
    }
    atomic_store(&gic->inbox[index], 0);
}

void vgic_vcpu_init(struct vcpu *vcpu)
{
    vcpu->vgic = &vgics[vcpu->vm];
    vcpu->vgic_cpu = &vgic_cpus[vcpu->index];
}

void vgic_vm_reset(uint32_t vm)
{
    if (vgic_is_direct(vm)) {
        vgic_direct_vm_reset(vm);
        return;
    }
    vgic_vm_quiet(vm);
    atomic_store(&vgics[vm].inbox_words, 0);
    for (uint32_t i = 0; i < vgic_rows[vm].spi_count / 32u; i++) {
        spi_reset(vm, i);
    }
    if (CONFIG_FAST_PATHS && CONFIG_VDEV_VGIC3) {
        vgic3_fast_vm_reset(vm);
    }
    vgics[vm].ctlr = 0;
    vgics[vm].hot = 0;
    for (uint32_t i = 0; i < vcpu_count_of(&vm_rows[vm]); i++) {
        cpu_reset(vm, i);
    }
}

void vgic_vcpu_reset(struct vcpu *vcpu)
{
    struct vgic_cpu *cpu = vgic_cpu_of(vcpu);

    if (vgic_is_direct(vcpu->vm)) {
        vgic_direct_vcpu_reset(vcpu);
        return;
    }
    arch_lr_reset();
    if (vgic_rows[vcpu->vm].interrupts == INTERRUPTS_NONE) {
        arch_lr_off();
        return;
    }
    cpu->lr_used = 0;
    cpu->lr_written = 0;
    cpu->when = 0;
    cpu->ppi_enabled = 0;
    cpu->lr_ready = 0;
    if (CONFIG_FAST_PATHS && CONFIG_VDEV_VGIC3) {
        vgic3_fast_reset(vcpu);
    }
    atomic_store(&cpu->running, true);
    vgic_recall(vcpu);
    vgic_refill(vcpu);
}

void vgic_vcpu_park(struct vcpu *vcpu)
{
    struct vgic_cpu *cpu = vgic_cpu_of(vcpu);
    struct vgic_word *word = &cpu->private;

    if (vgic_is_direct(vcpu->vm)) {
        vgic_direct_vcpu_park(vcpu);
        return;
    }
    vgic_enter(vcpu);
    vgic_fold(vcpu);
    for (uint32_t rest = cpu->lr_written; rest != 0; rest &= rest - 1) {
        arch_lr_set((uint32_t)__builtin_ctz(rest), 0);
    }
    cpu->lr_written = 0;
    cpu->when = 0;
    arch_lr_control(0);
    /* Only this CPU can release its PPIs. */
    word->arrived = 0;
    word->active &= ~word->held;
    vgic_physical_release(vcpu, cpu, 0, word->held);
    arch_irq_disable(0, word->linked);
    cpu->ppi_enabled = 0;
    atomic_store(&cpu->running, false);
    vgic_leave(vcpu);
    arch_cpu_wake(); /* one that recalls this vCPU need not wait any longer */
}

void vgic_inject_hardware(struct vcpu *vcpu, uint32_t intid)
{
    struct vgic_cpu *cpu = vgic_cpu_of(vcpu);
    uint32_t index = intid / 32;
    uint32_t bit = 1u << (intid % 32);
    struct vgic_word *word = vgic_word(vgic_of(vcpu), cpu, index);

    vgic_enter(vcpu);
    if (!atomic_load_explicit(&cpu->running, memory_order_relaxed) ||
        !vgic_fill_one(vcpu, intid, true)) {
        word->held |= bit;
        word->arrived |= bit;
        vgic_latch(vgic_of(vcpu), cpu, index, 0);
        if ((word->enabled & bit) == 0) {
            vgic_give_back(vcpu, cpu, index, bit, false); /* it came while it was being disabled */
        }
        vgic_wake(vcpu, cpu, index, bit);
        vcpu_request(vcpu, VCPU_REQUEST_VGIC); /* once for all that arrive together */
    }
    vgic_leave(vcpu);
}

/* A device's line has changed; lock held. */
static void line_changed(struct vcpu *vcpu, uint32_t index, uint32_t bit, bool high)
{
    struct vgic_cpu *cpu = vgic_cpu_of(vcpu);
    struct vgic *gic = vgic_of(vcpu);
    struct vgic_word *word = vgic_word(gic, cpu, index);
    bool running = atomic_load_explicit(&cpu->running, memory_order_relaxed);

    if ((word->edge & bit) != 0 && !high) {
        return;
    }
    vgic_latch(gic, cpu, index, high ? word->edge & bit : 0);
    /* The CPU of a vCPU that is off serves alarms, too: it has no list registers to fill. */
    if (running &&
        (((word->loaded & cpu->mine[index]) | vgic_allowed(gic, cpu, word, index)) & bit) != 0) {
        vgic_fold(vcpu);
        vgic_fill(vcpu);
    }
    vgic_wake(vcpu, cpu, index, bit);
}

void vgic_set_line(struct vcpu *vcpu, uint32_t intid, bool high)
{
    uint32_t index = intid / 32;
    uint32_t bit = 1u << (intid % 32);
    struct vgic_word *word = vgic_word(vgic_of(vcpu), vgic_cpu_of(vcpu), index);

    if (vgic_is_direct(vcpu->vm)) {
        vgic_direct_set_line(vcpu, intid, high);
        return;
    }
    /* Only the line's device changes it, one CPU at a time. */
    if (((atomic_load_explicit(&word->line, memory_order_relaxed) & bit) != 0) == high) {
        return;
    }
    vgic_enter(vcpu);
    atomic_fetch_xor_explicit(&word->line, bit, memory_order_relaxed);
    line_changed(vcpu, index, bit, high);
    vgic_leave(vcpu);
}

void vgic_lines(struct vcpu *vcpu)
{
    if (vgic_is_direct(vcpu->vm)) {
        vgic_direct_lines(vcpu);
    }
}

/*
 * The inbox.  The poster sets its bit before it reads the route; who changes the route stores it
 * before it drains the inbox: so either the poster asks the vCPU of the new route, or the changer
 * takes the bit.
 */
void vgic_post(uint32_t vm, uint32_t intid)
{
    struct vgic *gic = &vgics[vm];
    uint32_t index = intid / 32 - 1;
    uint8_t route;

    if (vgic_is_direct(vm)) {
        vgic_direct_post(intid);
        return;
    }
    atomic_fetch_or(&gic->inbox[index], 1u << (intid % 32));
    atomic_fetch_or(&gic->inbox_words, 1u << index);
    route = atomic_load(&gic->route[intid - 32]);
    vcpu_request(&vcpus[vm_rows[vm].vcpu_first + (route == VGIC_ROUTE_NONE ? 0 : route)],
                 VCPU_REQUEST_INBOX);
}

void vgic_drain_inbox(struct vcpu *vcpu)
{
    struct vgic *gic = vgic_of(vcpu);
    uint32_t words;

    if (atomic_load(&gic->inbox_words) == 0) {
        return;
    }
    for (words = atomic_exchange(&gic->inbox_words, 0); words != 0; words &= words - 1) {
        uint32_t index = (uint32_t)__builtin_ctz(words);
        uint32_t bits = atomic_exchange(&gic->inbox[index], 0);

        vgic_latch(gic, vgic_cpu_of(vcpu), index + 1, bits);
        vgic_wake(vcpu, vgic_cpu_of(vcpu), index + 1, bits);
    }
}

void vgic_take_inbox(struct vcpu *vcpu)
{
    vgic_refill(vcpu);
}

void vgic_refill(struct vcpu *vcpu)
{
    if (!atomic_load_explicit(&vgic_cpu_of(vcpu)->running, memory_order_relaxed)) {
        return;
    }
    vgic_enter(vcpu);
    vgic_private_sync(vcpu);
    vgic_fold(vcpu);
    vgic_drain_inbox(vcpu);
    vgic_fill(vcpu);
    vgic_leave(vcpu);
}

void vgic_take_sgis(struct vcpu *vcpu)
{
    struct vgic_cpu *cpu = vgic_cpu_of(vcpu);
    uint32_t sgis;

    if (vgic_sgis_sent(cpu) == 0 || !atomic_load_explicit(&cpu->running, memory_order_relaxed)) {
        return;
    }
    vgic_enter(vcpu);
    for (sgis = atomic_exchange_explicit(&cpu->sgis, 0, memory_order_acquire); sgis != 0;
         sgis &= sgis - 1) {
        if (!vgic_fill_one(vcpu, (uint32_t)__builtin_ctz(sgis), false)) {
            cpu->private.latch |= sgis & -sgis;
            vcpu_request(vcpu, VCPU_REQUEST_VGIC);
        }
    }
    vgic_leave(vcpu);
}

void vgic_deactivate(struct vcpu *vcpu, uint32_t intid)
{
    struct vgic_cpu *cpu = vgic_cpu_of(vcpu);
    uint32_t index = intid / 32;
    uint32_t bit = 1u << (intid % 32);

    if (!vgic_intid_valid(vcpu->vm, intid)) {
        return;
    }
    vgic_change_begin(vcpu, cpu, index, bit);
    vgic_deactivate_bits(vcpu, cpu, index, bit);
    vgic_change_end(vcpu, cpu, index, bit);
}
