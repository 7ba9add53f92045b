/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VDEV_SYSREG_H
#define VDEV_SYSREG_H

#include <stdbool.h>
#include <stdint.h>

struct vcpu;
struct sysreg_row;

/*
 * A trapped system register.  Return false where the access is not allowed in this direction: the
 * guest then gets UNDEF.
 */
struct sysreg_ops {
    bool (*read)(struct vcpu *vcpu, const struct sysreg_row *row, uint64_t *value);
    bool (*write)(struct vcpu *vcpu, const struct sysreg_row *row, uint64_t value);
};

extern const struct sysreg_ops sysreg_constant_ops; /* reads row->value, writes UNDEF */
extern const struct sysreg_ops sysreg_fixed_ops;    /* reads row->value, writes ignored */
extern const struct sysreg_ops sysreg_id_ops;       /* reads of arch_id_get() the fields that
                                                       row->value allows; writes UNDEF */
extern const struct sysreg_ops sysreg_raz_wi_ops;   /* reads 0, writes ignored */
extern const struct sysreg_ops sysreg_vgic_sgi_ops; /* ICC_SGI0R/SGI1R/ASGI1R, write only;
                                                       row->value: 1 for group 1, 0 for group 0 */
extern const struct sysreg_ops sysreg_vgic_dir_ops; /* ICC_DIR_EL1 while it traps, write only */
/* Of a VM with interrupts = "passthrough" (vgic_direct.h): row->value is an enum
 * arch_direct_register; ICC_DIR_EL1; ICC_SGI*R_EL1 as for sysreg_vgic_sgi_ops. */
extern const struct sysreg_ops sysreg_vgic_direct_ops;
extern const struct sysreg_ops sysreg_vgic_direct_dir_ops;
extern const struct sysreg_ops sysreg_vgic_direct_sgi_ops;

#endif
