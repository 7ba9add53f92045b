/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GUEST_GIC_H
#define GUEST_GIC_H

/* The interrupt controller, as irq.c uses it: GICv2 (IHI 0048) or GICv3 (IHI 0069). */

#include <stdint.h>

/* Registers that both have, from gic_ops.frame() on: 4.3 there, 12.9 and 12.11 here. */
#define GIC_IGROUPR 0x080
#define GIC_ISENABLER 0x100
#define GIC_ICENABLER 0x180
#define GIC_IPRIORITYR 0x400
#define GIC_ICFGR 0xc00

#define GIC_SPI_FIRST 32u
#define GIC_PRIORITY 0xa0u
#define GIC_INTID 0x3ffu /* of what acknowledge() returns, as far as this runtime knows INTIDs */

struct gic_ops {
    void (*init)(void);                /* first CPU: distributor */
    void (*cpu_init)(void);            /* own CPU: its private interrupts and its CPU interface */
    uint64_t (*frame)(uint32_t intid); /* the registers that rule it; SGIs and PPIs: own CPU's */
    void (*wait)(uint32_t intid);      /* until what was disabled does not come any more */
    void (*claim)(uint32_t intid);     /* an SPI: in the group that is used, for the first CPU */
    void (*send)(unsigned cpu, uint32_t sgi);
    uint32_t (*acknowledge)(void);
    void (*end)(uint32_t acknowledged);
};

extern const struct gic_ops gic2_ops;
extern const struct gic_ops gic3_ops;

#endif
