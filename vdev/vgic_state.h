/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VDEV_VGIC_STATE_H
#define VDEV_VGIC_STATE_H

/*
 * State of the virtual GIC, private to vdev/vgic*.c; all of it is guarded by the VM's lock, but for
 * what is atomic.
 *
 * An interrupt is either in software (the bitmaps below say its state) or *loaded*: in a list
 * register of one vCPU, which then says whether it is pending or active; a `latch` set meanwhile
 * is a pending state that came after.  Only the vCPU that has it loaded can *fold* it back.
 *
 * A *linked* interrupt is physical.  It is *held* while it is physically active for us: from its
 * arrival until the guest deactivates it (which the hardware does, where it is loaded with HW=1)
 * or until it is given back.  While `arrived` is set, it is held for a pending state in software,
 * else for the active one, or for what is loaded.  What a guest makes pending by hand is a latch,
 * of linked interrupts too.
 */

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "arch/fast.h"
#include "vdev/lock.h"
#include "vdev/vcpu.h"
#include "vdev/vgic.h"
#include <tables.h>

#define VGIC_WORDS (1u + VGIC_SPI_WORDS) /* of 32 interrupts; word 0: SGIs and PPIs */
#define VGIC_WORD_SIZE 128u
#define VGIC_LR_MAX 16u
#define VGIC_ROUTE_NONE 0xffu
#define VGIC_ROUTER_RESET (CONFIG_VDEV_VGIC2 ? 1u : 0u) /* in both versions: vCPU 0 */
#define VGIC_SGI_COUNT 16u
#define VGIC_SGI_MASK 0x0000ffffu
#define VGIC_PRIORITY_MASK 0xf8u /* five bits, as the hardware's virtual interface has */
#define VGIC_PRIORITY_BITS 5u
/* The guest's timers (BSA 3.8.1): virtual PPI 27, physical PPI 30, the same INTIDs as outside. */
#define VGIC_PPI_LINKED ((1u << 27) | (1u << 30))

/* ICH_LR<n>_EL2 (IHI 0069 12.4.6). */
#define VGIC_LR_PENDING (UINT64_C(1) << 62)
#define VGIC_LR_ACTIVE (UINT64_C(1) << 63)
#define VGIC_LR_HW (UINT64_C(1) << 61)
#define VGIC_LR_GROUP1 (UINT64_C(1) << 60)
#define VGIC_LR_EOI (UINT64_C(1) << 41) /* HW=0: maintenance interrupt at deactivation */
#define VGIC_LR_PRIORITY_SHIFT 48u
#define VGIC_LR_PHYSICAL_SHIFT 32u
#define VGIC_INTID_MASK 0x1fffu
#define VGIC_PHYSICAL_COUNT (32u + IRQ_COUNT) /* physical INTIDs that may belong to a VM */

struct vgic_word { /* a shift finds it */
    _Alignas(VGIC_WORD_SIZE) _Atomic uint32_t
        group; /* 1: group 1; like `enabled` read without the lock, too */
    _Atomic uint32_t enabled;
    uint32_t latch; /* pending, other than by the line of a level interrupt */
    uint32_t active;
    uint32_t loaded;
    uint32_t arrived;
    _Atomic uint32_t line; /* level of emulated devices' lines */
    uint32_t carried;      /* loaded, and the list register took the latch with it */
    uint32_t edge;
    uint32_t linked;
    uint32_t held;
    bool ranked; /* `rank` is true of `priority` (vgic_rank.c) */
    uint32_t rank[VGIC_PRIORITY_BITS];
    _Alignas(8) uint8_t priority[32];
};
_Static_assert(sizeof(struct vgic_word) == VGIC_WORD_SIZE, "struct vgic_word");

/* One vCPU: its redistributor and its list registers. */
struct vgic_cpu {
    struct vgic_word private; /* SGIs and PPIs */
    _Atomic uint32_t waker;
    uint64_t typer;              /* GICR_TYPER */
    uint32_t redist;             /* offset of its redistributor from the first one */
    uint32_t mine[VGIC_WORDS];   /* loaded or active by this vCPU; [0]: all */
    uint32_t target[VGIC_WORDS]; /* routed to this vCPU; [0]: all */
    uint32_t busy;               /* words that may have active interrupts of this vCPU */
    uint32_t lr_used;            /* list registers that lr_intid describes */
    uint32_t lr_written;         /* not zero, as far as we know */
    uint16_t lr_intid[VGIC_LR_MAX];
    /* Short ways (vgic3_fast_irq.c): list registers in which what is there may come back when it
     * has ended, with which value; in which one an interrupt was last, by its physical INTID or
     * SGI. */
    uint32_t lr_ready;
    uint64_t lr_value[VGIC_LR_MAX];
    uint8_t lr_of[VGIC_PHYSICAL_COUNT];
    uint64_t sgi_self; /* ICC_SGI1R_EL1 of an SGI 0 to this vCPU alone */
    uint32_t sgi_last; /* its bit of the VM's last vCPU, where all are in a row; 0: they aren't */
    uint64_t ipi;      /* arch_fast_ipi_target() */
    _Atomic uint32_t sgis;   /* sent by other vCPUs, not yet in `private.latch` */
    uint32_t when;           /* what arch_lr_control() was last told */
    uint32_t ppi_enabled;    /* linked PPIs enabled in hardware */
    uint32_t ppi_release;    /* linked PPIs that this CPU must deactivate in hardware */
    _Atomic uint32_t recall; /* enum vgic_recall_state */
    _Atomic bool running;    /* between vgic_vcpu_reset and vgic_vcpu_park */
};

/* One VM: its distributor. */
struct vgic {
    struct lock lock;
    _Atomic uint32_t ctlr; /* EnableGrp0, EnableGrp1 */
    uint32_t typer;        /* GICD_TYPER */
    uint32_t spi_words;
    bool shared;                  /* by several vCPUs */
    uint32_t hot;                 /* words (bit n: word n) of SPIs that may be pending */
    _Atomic uint32_t inbox_words; /* bit n: inbox[n] may have bits */
    _Atomic uint32_t recaller;    /* vCPU that recalls others, + 1; 0: none */
    uint32_t frozen;              /* vCPUs within the VM that the recaller stopped */
    struct vgic_word spi[VGIC_SPI_WORDS];
    uint32_t local[VGIC_SPI_WORDS];             /* emulated SPIs that have a device */
    uint64_t router[32 * VGIC_SPI_WORDS];       /* as the guest wrote it (GICv2: ITARGETSR) */
    _Atomic uint8_t route[32 * VGIC_SPI_WORDS]; /* vCPU within the VM, or VGIC_ROUTE_NONE */
    _Atomic uint32_t inbox[VGIC_SPI_WORDS];
};

extern struct vgic vgics[VM_COUNT];
extern struct vgic_cpu vgic_cpus[VCPU_COUNT];

static inline struct vgic *vgic_of(const struct vcpu *vcpu)
{
    return vcpu->vgic;
}

static inline struct vgic_cpu *vgic_cpu_of(const struct vcpu *vcpu)
{
    return vcpu->vgic_cpu;
}

/* Of word 0, `cpu`'s own. */
static inline struct vgic_word *vgic_word(struct vgic *gic, struct vgic_cpu *cpu, uint32_t word)
{
    return word == 0 ? &cpu->private : gic->spi + word - 1;
}

/* Does the VM take its interrupts itself (vgic_direct.h)? */
static inline bool vgic_is_direct(uint32_t vm)
{
    return CONFIG_INTERRUPTS_PASSTHROUGH && vgic_rows[vm].interrupts == INTERRUPTS_PASSTHROUGH;
}

/* Is `intid` an SGI, a PPI or an SPI of the VM? */
static inline bool vgic_intid_valid(uint32_t vm, uint32_t intid)
{
    return intid < 32u + vgic_rows[vm].spi_count;
}

/* Of a word of SPIs: a constant where no VM of the deployment has any. */
static inline uint32_t vgic_linked_spis(const struct vgic_word *word)
{
    return LINKED_SPI_COUNT > 0 ? word->linked : 0;
}

static inline uint32_t vgic_pending(const struct vgic_word *word)
{
    return word->latch | word->arrived |
           (atomic_load_explicit(&word->line, memory_order_relaxed) & ~word->edge & ~word->linked);
}

/* Interrupts whose group is enabled. */
static inline uint32_t vgic_group_mask(const struct vgic *gic, const struct vgic_word *word)
{
    uint32_t ctlr = atomic_load_explicit(&gic->ctlr, memory_order_relaxed);
    uint32_t group = atomic_load_explicit(&word->group, memory_order_relaxed);

    return ((ctlr & 2u) != 0 ? group : 0) | ((ctlr & 1u) != 0 ? ~group : 0);
}

/* Interrupts of a word that may be signalled to `cpu` once they are pending. */
static inline uint32_t vgic_allowed(const struct vgic *gic, const struct vgic_cpu *cpu,
                                    const struct vgic_word *word, uint32_t index)
{
    return atomic_load_explicit(&word->enabled, memory_order_relaxed) & vgic_group_mask(gic, word) &
           cpu->target[index];
}

/* vgic_recall.c: the lock, alone or with other vCPUs recalled (the protocol is described there).
 * Own CPU. */
void vgic_enter(struct vcpu *vcpu);
/* The state of `bits` of a word (word 0: of `cpu`) is in software, or in own list registers. */
void vgic_enter_exact(struct vcpu *vcpu, struct vgic_cpu *cpu, uint32_t word, uint32_t bits);
void vgic_enter_alone(struct vcpu *vcpu); /* every other vCPU of the VM is recalled */
void vgic_leave(struct vcpu *vcpu);

/* vgic_bank.c: between these two, everything own is in software, and `exact` of the word as
 * vgic_enter_exact() has it.  `bits` have changed. */
void vgic_change_begin(struct vcpu *vcpu, struct vgic_cpu *cpu, uint32_t word, uint32_t exact);
void vgic_change_end(struct vcpu *vcpu, struct vgic_cpu *cpu, uint32_t word, uint32_t bits);

/* vgic_list.c: list registers.  Own CPU, lock held. */
void vgic_fold(struct vcpu *vcpu); /* all into software; to be followed by vgic_fill() */
void vgic_fill(struct vcpu *vcpu); /* the most urgent into list registers */
/* An interrupt that just arrived (linked) or was made pending goes straight into a free list
 * register; false: it can't, and nothing has changed. */
bool vgic_fill_one(struct vcpu *vcpu, uint32_t intid, bool arrived);
/* The guest pends `bits` of a word (word 0: own): the first of them goes to a list register, others
 * wait in software until the guest has taken it; false: it isn't that simple, and nothing has
 * changed. */
bool vgic_pend(struct vcpu *vcpu, uint32_t index, uint32_t bits);
/* SGIs that other vCPUs sent `cpu` by short ways are latched; true: there were some. */
bool vgic_drain_sgis(struct vgic_cpu *cpu);
/* Other vCPUs that have one of `bits` loaded, or may now take it, are asked to look. */
void vgic_wake_others(struct vcpu *vcpu, struct vgic_cpu *cpu, uint32_t word, uint32_t bits);
static inline void vgic_wake(struct vcpu *vcpu, struct vgic_cpu *cpu, uint32_t word, uint32_t bits)
{
    if (VCPU_MAX_PER_VM > 1) {
        vgic_wake_others(vcpu, cpu, word, bits);
    }
}
/* SGIs that other vCPUs sent by short ways and nobody took yet. */
static inline uint32_t vgic_sgis_sent(const struct vgic_cpu *cpu)
{
    return VCPU_MAX_PER_VM > 1 ? atomic_load_explicit(&cpu->sgis, memory_order_relaxed) : 0;
}
/* Latches `bits`, and notes that the word may have pending interrupts. */
void vgic_latch(struct vgic *gic, struct vgic_cpu *cpu, uint32_t word, uint32_t bits);
/* Takes the active state off `bits` (in software). */
void vgic_deactivate_bits(struct vcpu *vcpu, struct vgic_cpu *cpu, uint32_t word, uint32_t bits);
void vgic_drain_inbox(struct vcpu *vcpu);

/* vgic_rank.c; lock held.  Who changes priorities of a word that is ranked ranks it anew. */
void vgic_rank(struct vgic_word *word);
/* Which of `bits`, not 0, comes first: by priority, equals by number. */
uint32_t vgic_most_urgent(struct vgic_word *word, uint32_t bits);

/* vgic_physical.c: linked interrupts.  Lock held; `bits` outside `linked` are ignored.  What must
 * happen on the CPU of a private interrupt is done there by vgic_private_sync(). */
enum vgic_physical {
    VGIC_PHYSICAL_ENABLE,
    VGIC_PHYSICAL_DISABLE,
    VGIC_PHYSICAL_PEND,
    VGIC_PHYSICAL_UNPEND,
    VGIC_PHYSICAL_DEACTIVATE,
};
void vgic_physical_spi(uint32_t vm, uint32_t word, uint32_t bits, enum vgic_physical what);
uint32_t vgic_physical_pending(const struct vcpu *vcpu, struct vgic_cpu *cpu, uint32_t word);
uint32_t vgic_physical_intid(uint32_t vm, uint32_t intid);
void vgic_enabled_changed(struct vcpu *vcpu, uint32_t word, uint32_t bits, bool enable);
/* What arrived goes back to hardware, which presents it again; `forget`: an edge not. */
void vgic_give_back(struct vcpu *vcpu, struct vgic_cpu *cpu, uint32_t word, uint32_t bits,
                    bool forget);
void vgic_physical_release(struct vcpu *vcpu, struct vgic_cpu *cpu, uint32_t word, uint32_t bits);
void vgic_private_sync(struct vcpu *vcpu); /* own CPU: hardware agrees with `private` */

#define VGIC_DIST_BANKS 0x80u
#define VGIC_DIST_BANKS_END 0xd00u
#define VGIC_CTLR_ENABLE 0x3u /* GICD_CTLR: EnableGrp0, EnableGrp1 */
/* vgic_bank.c: registers 0x080-0xcff, which distributor (`cpu` NULL) and redistributor of `cpu`
 * have alike. */
uint64_t vgic_bank_read(struct vcpu *vcpu, struct vgic_cpu *cpu, uint64_t offset, unsigned size);
void vgic_bank_write(struct vcpu *vcpu, struct vgic_cpu *cpu, uint64_t offset, unsigned size,
                     uint64_t value);
/* A guest enables SPIs that nothing in the deployment will ever raise; it may pend them itself,
 * where they are emulated. */
void vgic_tell_ownerless(const struct vcpu *vcpu, uint32_t word, uint32_t bits);

/* vgic_dist.c: what the distributors of all versions have.  GICD_CTLR: the enables of groups. */
void vgic_ctlr_write(struct vcpu *vcpu, uint32_t value);
uint32_t vgic_ctlr_read(struct vcpu *vcpu);
/* The SPI goes to that vCPU within the VM from now on, or nowhere: VGIC_ROUTE_NONE.  Lock held, the
 * interrupt in software, its route as the guest wrote it stored. */
void vgic_reroute(struct vcpu *vcpu, uint32_t spi, uint8_t route);

/* vgic2_sgi.c: GICv2 keeps an SGI pending apart for each CPU that sent it, and tells which it is
 * (IHI 0048 2.2.1, 4.3.15).  Own CPU's list registers, lock held. */
void vgic2_sgi_reset(struct vgic_cpu *cpu);
/* What a list register that takes `sgi` gets beside its `state`, and leaves pending. */
uint64_t vgic2_sgi_load(struct vgic_cpu *cpu, uint32_t sgi, uint64_t state);
/* A list register that had it comes back. */
void vgic2_sgi_fold(struct vgic_cpu *cpu, uint32_t sgi, uint64_t value);
/* GICv3 only, from here on. */
uint32_t vgic_id_read(uint64_t offset, uint32_t part); /* PIDR, CIDR: 0xffd0-0xffff */
/* vgic3_sysreg.c: what ICC_SGI*R_EL1 name, of the sender's VM. */
bool vgic_sgi_targets(const struct vcpu *sender, const struct vcpu_row *row, uint64_t sgi1r);
uint32_t vgic_sgi_intid(uint64_t sgi1r);
/* vgic3_dist.c, vgic3_redist.c: registers that never change, and the rest of the frames as zero. */
uint32_t vgic_dist_fixed(uint32_t vm, uint64_t offset);
uint64_t vgic_redist_fixed(const struct vcpu *vcpu, uint32_t index, uint64_t offset, unsigned size);
/* Is that offset in a redistributor one of vgic_bank_read()? */
bool vgic_redist_has_banks(uint64_t offset);
/* The SPI, from 0, whose GICD_IROUTER<n> is at `offset`; false: none. */
bool vgic_router_spi(uint32_t vm, uint64_t offset, uint32_t *spi);
uint64_t vgic_router_read(struct vcpu *vcpu, uint64_t offset, unsigned size);
/* What a write makes of a GICD_IROUTER, and the vCPU that it names. */
uint64_t vgic_router_merge(uint64_t router, uint64_t offset, unsigned size, uint64_t value);
uint8_t vgic_route_of(const struct vm_row *row, uint64_t router);
/* vgic3_fast.c: short ways (arch/fast.h). */
void vgic3_fast_vm_reset(uint32_t vm);    /* with vgic_vm_reset() */
void vgic3_fast_reset(struct vcpu *vcpu); /* with vgic_vcpu_reset() */
void vgic3_fast_loaded(struct vgic_cpu *cpu, uint32_t lr, uint64_t value, bool carried);
fast_read_fn vgic3_dist_fast_read;
fast_write_fn vgic3_dist_fast_write;
fast_read_fn vgic3_redist_fast_read;
fast_write_fn vgic3_redist_fast_write;
#define VGIC_DIST_ROUTER 0x6000u
#define VGIC_DIST_ID 0xffd0u
#define VGIC_CTLR_FIXED ((1u << 4) | (1u << 6)) /* ARE, DS */
#define VGIC_REDIST_SIZE 0x20000u
#define VGIC_REDIST_SGI_FRAME 0x10000u
#define VGIC_REDIST_WAKER 0x14u
/* GICR_WAKER: ProcessorSleep, ChildrenAsleep. */
#define VGIC_WAKER_SLEEP (1u << 1)
#define VGIC_WAKER_ASLEEP (1u << 2)
/* ChildrenAsleep follows ProcessorSleep at once. */
static inline uint32_t vgic_waker_of(uint32_t value)
{
    return (value & VGIC_WAKER_SLEEP) != 0 ? VGIC_WAKER_SLEEP | VGIC_WAKER_ASLEEP : 0;
}
#define VGIC_IIDR 0x4200043bu
#define VGIC_PART_DIST 0x92u
#define VGIC_PART_REDIST 0x93u

#endif
