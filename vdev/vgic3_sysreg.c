/* SPDX-License-Identifier: Apache-2.0 */
#include "gen/rows.h"
#include "vdev/sysreg.h"
#include "vdev/vgic_state.h"

/* The CPU interface's registers that trap: SGI generation (IHI 0069 12.2.14-12.2.16) and, while
 * TDIR is set, ICC_DIR_EL1 (12.2.10). */

#define SGI_TARGET_LIST UINT64_C(0xffff)
#define SGI_INTID_SHIFT 24
#define SGI_RANGE_SHIFT 44
#define SGI_ALL_BUT_SELF (UINT64_C(1) << 40)

/* Aff3.Aff2.Aff1 of ICC_SGI*R, in the places that MPIDR has them. */
static uint64_t sgi_cluster(uint64_t sgi1r)
{
    uint64_t aff1 = (sgi1r >> 16) & 0xff;
    uint64_t aff2 = (sgi1r >> 32) & 0xff;
    uint64_t aff3 = (sgi1r >> 48) & 0xff;

    return aff3 << 32 | aff2 << 16 | aff1 << 8;
}

bool vgic_sgi_targets(const struct vcpu *sender, const struct vcpu_row *row, uint64_t sgi1r)
{
    uint64_t aff0 = row->guest_id & 0xff;

    if ((sgi1r & SGI_ALL_BUT_SELF) != 0) {
        return row != sender->row;
    }
    return (row->guest_id & ~UINT64_C(0xff)) == sgi_cluster(sgi1r) &&
           aff0 / 16 == ((sgi1r >> SGI_RANGE_SHIFT) & 0xf) &&
           (sgi1r & SGI_TARGET_LIST & (UINT64_C(1) << (aff0 % 16))) != 0;
}

uint32_t vgic_sgi_intid(uint64_t sgi1r)
{
    return (uint32_t)(sgi1r >> SGI_INTID_SHIFT) & 0xf;
}

/* With GICD_CTLR.DS = 1, ICC_SGI1R_EL1 generates an SGI of either group, the others only what the
 * target has in group 0. */
void vgic_send_sgi(struct vcpu *vcpu, uint64_t sgi1r, bool group1)
{
    struct vgic *gic = vgic_of(vcpu);
    uint32_t bit = 1u << vgic_sgi_intid(sgi1r);

    vgic_enter(vcpu);
    for (uint32_t i = 0; i < vcpu_count_of(vcpu->vm_row); i++) {
        struct vcpu *target = &vcpus[vcpu->vm_row->vcpu_first + i];
        struct vgic_cpu *cpu = vgic_cpu_of(target);

        if (!vgic_sgi_targets(vcpu, target->row, sgi1r) ||
            (!group1 && (cpu->private.group & bit) != 0)) {
            continue;
        }
        if (target != vcpu) {
            vgic_latch(gic, cpu, 0, bit);
            vgic_wake(vcpu, cpu, 0, bit);
        } else if (!vgic_fill_one(vcpu, vgic_sgi_intid(sgi1r), false)) {
            vgic_latch(gic, cpu, 0, bit);
            vcpu_request(vcpu, VCPU_REQUEST_VGIC);
        }
    }
    vgic_leave(vcpu);
}

static bool refuse_read(struct vcpu *vcpu, const struct sysreg_row *row, uint64_t *value)
{
    (void)vcpu;
    (void)row;
    (void)value;
    return false;
}

static bool sgi_write(struct vcpu *vcpu, const struct sysreg_row *row, uint64_t value)
{
    vgic_send_sgi(vcpu, value, row->value == 1);
    return true;
}

static bool dir_write(struct vcpu *vcpu, const struct sysreg_row *row, uint64_t value)
{
    (void)row;
    vgic_deactivate(vcpu, (uint32_t)(value & 0xffffff));
    return true;
}

const struct sysreg_ops sysreg_vgic_sgi_ops = {
    .read = refuse_read,
    .write = sgi_write,
};

const struct sysreg_ops sysreg_vgic_dir_ops = {
    .read = refuse_read,
    .write = dir_write,
};
