/* SPDX-License-Identifier: Apache-2.0 */
#include "vdev/vgic_state.h"

/* The GICv3 distributor (IHI 0069 12.9). */

#define GICD_CTLR 0x0
#define GICD_TYPER 0x4
#define GICD_IIDR 0x8

/* RSS: range selectors; No1N: an SPI goes to one named PE, so that Interrupt_Routing_Mode, "any",
 * is RES0 in GICD_IROUTER<n>; A3V: Aff3 may be set; 10 bits of INTID. */
#define TYPER_FIXED ((1u << 26) | (1u << 25) | (1u << 24) | (9u << 19))
#define ROUTER_AFFINITY UINT64_C(0xff00ffffff)

bool vgic_router_spi(uint32_t vm, uint64_t offset, uint32_t *spi)
{
    uint64_t intid = (offset - VGIC_DIST_ROUTER) / 8;

    if (offset < VGIC_DIST_ROUTER || intid < 32 || !vgic_intid_valid(vm, (uint32_t)intid)) {
        return false;
    }
    *spi = (uint32_t)intid - 32;
    return true;
}

uint8_t vgic_route_of(const struct vm_row *row, uint64_t router)
{
    for (uint32_t i = 0; i < vcpu_count_of(row); i++) {
        if (vcpu_rows[row->vcpu_first + i].guest_id == (router & ROUTER_AFFINITY)) {
            return (uint8_t)i;
        }
    }
    return VGIC_ROUTE_NONE;
}

uint64_t vgic_router_merge(uint64_t router, uint64_t offset, unsigned size, uint64_t value)
{
    if (size == 8) {
        router = value;
    } else if ((offset & 4) != 0) {
        router = (router & UINT32_MAX) | value << 32;
    } else {
        router = (router & ~(uint64_t)UINT32_MAX) | value;
    }
    return router & ROUTER_AFFINITY;
}

static void router_write(struct vcpu *vcpu, uint64_t offset, unsigned size, uint64_t value)
{
    struct vgic *gic = vgic_of(vcpu);
    uint32_t spi;
    uint32_t word;
    uint32_t bit;
    uint64_t router;

    if (size < 4 || !vgic_router_spi(vcpu->vm, offset, &spi)) {
        return;
    }
    word = 1 + spi / 32;
    bit = 1u << (spi % 32);
    vgic_change_begin(vcpu, vgic_cpu_of(vcpu), word, bit);
    router = vgic_router_merge(gic->router[spi], offset, size, value);
    gic->router[spi] = router;
    vgic_reroute(vcpu, spi, vgic_route_of(vcpu->vm_row, router));
    vgic_change_end(vcpu, vgic_cpu_of(vcpu), word, bit);
}

uint64_t vgic_router_read(struct vcpu *vcpu, uint64_t offset, unsigned size)
{
    uint32_t spi;
    uint64_t value;

    if (size < 4 || !vgic_router_spi(vcpu->vm, offset, &spi)) {
        return 0;
    }
    vgic_enter(vcpu);
    value = vgic_of(vcpu)->router[spi];
    vgic_leave(vcpu);
    return (offset & 4) != 0 ? value >> 32 : value;
}

uint32_t vgic_id_read(uint64_t offset, uint32_t part)
{
    /* PIDR4-7, PIDR0-3, CIDR0-3: architecture revision 3 (PIDR2), JEP106 code of Arm. */
    switch (offset) {
    case 0xffd0:
        return 0x44;
    case 0xffe0:
        return part;
    case 0xffe4:
        return 0xb4;
    case 0xffe8:
        return 0x3b;
    case 0xfff0:
        return 0x0d;
    case 0xfff4:
        return 0xf0;
    case 0xfff8:
        return 0x05;
    case 0xfffc:
        return 0xb1;
    default:
        return 0;
    }
}

uint32_t vgic_dist_fixed(uint32_t vm, uint64_t offset)
{
    switch (offset) {
    case GICD_TYPER:
        return TYPER_FIXED | vgic_rows[vm].spi_count / 32u;
    case GICD_IIDR:
        return VGIC_IIDR;
    default:
        return vgic_id_read(offset, VGIC_PART_DIST);
    }
}

static uint64_t dist_read(struct vcpu *vcpu, uint32_t instance, uint64_t offset, unsigned size)
{
    if (offset >= VGIC_DIST_BANKS && offset < VGIC_DIST_BANKS_END) {
        return vgic_bank_read(vcpu, NULL, offset, size);
    }
    if (offset >= VGIC_DIST_ROUTER && offset < VGIC_DIST_ID) {
        return vgic_router_read(vcpu, offset, size);
    }
    if (size != 4) {
        return 0;
    }
    return offset == GICD_CTLR ? vgic_ctlr_read(vcpu) | VGIC_CTLR_FIXED
                               : vgic_dist_fixed(instance, offset);
}

static void dist_write(struct vcpu *vcpu, uint32_t instance, uint64_t offset, unsigned size,
                       uint64_t value)
{
    (void)instance;
    if (offset >= VGIC_DIST_BANKS && offset < VGIC_DIST_BANKS_END) {
        vgic_bank_write(vcpu, NULL, offset, size, value);
    } else if (offset >= VGIC_DIST_ROUTER && offset < VGIC_DIST_ID) {
        router_write(vcpu, offset, size, value);
    } else if (offset == GICD_CTLR && size == 4) {
        vgic_ctlr_write(vcpu, (uint32_t)value);
    }
}

const struct vdev_ops vgic_dist_ops = {
    .name = "gicd",
    .sizes = VDEV_SIZE_1 | VDEV_SIZE_4 | VDEV_SIZE_8,
    .read = dist_read,
    .write = dist_write,
    .fast_read = vgic3_dist_fast_read,
    .fast_reads = FAST_TAKES_4 | FAST_TAKES_8,
    .fast_write = vgic3_dist_fast_write,
    .fast_writes = FAST_TAKES_4 | FAST_TAKES_8,
};
