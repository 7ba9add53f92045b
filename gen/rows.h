/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GEN_ROWS_H
#define GEN_ROWS_H

/*
 * The contract between the generator and the hypervisor: every fact of a deployment reaches C as a
 * row of one of these structs.  Rows are const, never patched; mutable state is a separate array
 * with the same index, sized by the counts in the generated <tables.h>.
 *
 * `_base` and `_size` are bytes, `_count` counts, `_first` is the index of the first row.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gen/types.h"
#include <arch_rows.h> /* struct arch_vm_row, arch_cpu_row, ARCH_* row macros of the selected architecture */

struct vdev_ops;   /* vdev/vdev.h */
struct sysreg_ops; /* vdev/sysreg.h */

/* What happens when a VM ends: the deployment's on_crash, on_reset and on_off. */
enum vm_policy { POLICY_HALT, POLICY_RESTART, POLICY_RESET_BOARD };

/* One emulated register range of one VM.  A VM's rows are sorted by base and never overlap. */
struct mmio_row {
    gpa_t base;
    uint64_t size;
    const struct vdev_ops *ops;
    uint32_t instance; /* index of the device's own row and state, given to ops */
};

/* One emulated range of I/O ports of one VM (x86).  A VM's rows are sorted by base and never
 * overlap. */
struct port_row {
    uint16_t base;
    uint32_t size; /* at most 0x10000 - base */
    const struct vdev_ops *ops;
    uint32_t instance; /* index of the device's own row and state, given to ops */
};

/* One trapped system register.  A VM's rows are sorted by encoding; no encoding occurs twice. */
struct sysreg_row {
    uint16_t encoding; /* ARCH_SYSREG(...): comparable, architecture-defined */
    uint16_t kind;     /* index into sysreg_kinds: its operations */
    uint16_t value;    /* for them: what of it a guest sees (ARCH_ID_FIELDS), or an argument */
};

/* One range of guest RAM.  A VM's rows are sorted by gpa and never overlap. */
struct ram_row {
    gpa_t gpa;
    hpa_t hpa;
    uint64_t size;
    bool scrub;    /* zeroed before the VM first runs (always zeroed at restart) */
    bool restore;  /* false: reserved memory that outlives restarts untouched */
    bool writable; /* false: plays ROM */
};

/* One guest image: `size` bytes, verified, then copied from source to target when they differ. */
struct image_row {
    const char *name;
    hpa_t source; /* in our image; equal to target for an image run in place */
    hpa_t target; /* inside one ram_row of the same VM */
    uint64_t size;
    uint32_t crc32; /* IEEE 802.3; checked when VERIFY_IMAGES_CRC32 */
    uint8_t sha256[32];
};

/* One vCPU; rows of a VM are consecutive, the first is the one that boots. */
struct vcpu_row {
    uint16_t vm;
    uint16_t index;    /* within its VM */
    uint16_t pcpu;     /* index into pcpu_rows */
    uint64_t guest_id; /* the CPU id that the guest sees: MPIDR affinity fields, hart id */
};

/* One physical CPU of the board that this deployment uses; row 0 is the CPU that firmware starts.
 */
struct pcpu_row {
    uint64_t hardware_id;  /* MPIDR affinity fields, hart id */
    hpa_t release_address; /* where it waits for its entry in a spin table; 0: firmware starts it */
    int16_t vcpu;          /* index into vcpu_rows, -1: none */
    /* INTID of the SPI by which other CPUs call the hypervisor there, where its vCPU's VM has
     * INTERRUPTS_PASSTHROUGH; else 0 */
    uint16_t ipi_intid;
    struct arch_cpu_row arch;
};

/* Where a physical shared interrupt goes; indexed by (INTID - 32). */
enum irq_owner { IRQ_NONE, IRQ_VM, IRQ_CONSOLE, IRQ_IPI };
struct irq_row {
    enum irq_owner owner;
    uint16_t vm;
    uint16_t guest_intid;
    bool edge;
};

/* How interrupts reach a VM: the deployment's `interrupts`.  With INTERRUPTS_PASSTHROUGH its SPIs
 * are all physical ones, with the same INTIDs; emulated devices raise SPIs that no device of the
 * board has. */
enum vm_interrupts { INTERRUPTS_NONE, INTERRUPTS_EMULATED, INTERRUPTS_PASSTHROUGH };

/* The interrupt controller of one VM as the guest sees it (index = VM). */
struct vgic_row {
    enum vm_interrupts interrupts;
    uint16_t spi_count;           /* multiple of 32; GICD_TYPER.ITLinesNumber follows */
    const uint32_t *spi_owned;    /* bitmap, spi_count/32 words: has a device behind it */
    const uint32_t *spi_hardware; /* bitmap: physical, linked */
    /* [spi_count]: host INTID where spi_hardware, else 0; NULL where LINKED_SPI_COUNT is 0 */
    const uint16_t *spi_physical;
};

/* One virtual UART of any kind (index = instance of vpl011_ops, vcadence_ops). */
struct vuart_row {
    uint16_t vm;
    uint16_t intid; /* guest INTID of its level interrupt */
    uint16_t voice; /* console voice, index into console_voice_rows */
};

/* One peer of a channel (index = instance of channel_ops): its window and doorbell frame. */
struct channel_peer_row {
    uint16_t channel; /* index into channel_rows */
    uint16_t vm;
    gpa_t window;   /* where this VM sees the shared memory */
    uint16_t intid; /* guest INTID of the doorbell interrupt (edge), 0: none */
    bool writable;
    uint32_t rings; /* bitmap over the channel's peers (by order) that this one may ring */
};

/* One channel: peers are consecutive rows. */
struct channel_row {
    const char *name;
    hpa_t base;
    uint64_t size;
    uint16_t peer_first;
    uint16_t peer_count;
    uint16_t writer_vm; /* when this VM restarts the memory is zeroed, unless keep */
    bool keep;
};

/* What a VM may do by AxVM's channel calls: publish a key, or subscribe one of a publisher. */
struct ivc_row {
    uint16_t vm;
    uint16_t peer; /* index into channel_peer_rows: the VM's own end */
    bool publishes;
    uint16_t publication;  /* index into ivc_rows: the publisher's own row */
    uint64_t publisher_id; /* how AxVM's calls name the publishing VM */
    uint64_t key;
};

/* A VM that looks after others.  Its control_rows are consecutive, in the order of `controls`. */
struct monitor_row {
    uint16_t vm;
    uint16_t intid; /* guest INTID (edge): a run of one of them ended; 0: none */
    uint16_t control_first;
    uint16_t control_count;
};
struct control_row {
    uint16_t vm; /* may be queried, stopped, started, restarted */
};

/* The watchdog of a VM (index = instance of watchdog_control_ops and watchdog_refresh_ops). */
struct watchdog_row {
    uint16_t vm;
    uint16_t intid;      /* guest INTID (edge) of WS0, 0: none */
    uint32_t timeout_ms; /* from a refresh to the crash, as the VM starts */
};

/* One voice of the shared console; voice 0 is the hypervisor's own log. */
struct console_voice_row {
    const char *name;
    int16_t vm;    /* -1: the hypervisor */
    int16_t vuart; /* index into vuart_rows that gets the keyboard, -1: takes no input */
};

/* Registers of one kind of a shared page (index = instance of trapped_ops): what one VM may read
 * and write of each.  Registers of two VMs may overlap; the bits that they write never do. */
enum trapped_rest {
    TRAPPED_KEEP,  /* a write reads the other bits first, and writes them back */
    TRAPPED_ZEROS, /* as zeros, which do nothing: set, clear and acknowledge registers */
    TRAPPED_ONES,  /* as ones, which do nothing */
};
struct trapped_row {
    hpa_t base;          /* of the first; offsets in mmio_row and here are the same */
    uint64_t read_mask;  /* of each register; 0: reads give 0 and reach nothing */
    uint64_t write_mask; /* 0: writes reach nothing */
    enum trapped_rest rest;
    int16_t lock; /* of all that read, change and write back in these pages; -1: nobody else */
};

/* What a VM may name in calls of Zynq UltraScale+ firmware (EEMI), by kind and number; grants of a
 * VM are consecutive, sorted by key, and never overlap. */
enum eemi_kind { EEMI_NODE, EEMI_CLOCK, EEMI_RESET, EEMI_PIN };
#define EEMI_ID_MAX 0xffffu
#define EEMI_KEY(kind, id) ((uint32_t)(kind) << 16 | (id))
struct eemi_grant_row {
    uint32_t first; /* EEMI_KEY */
    uint32_t last;
    bool owned; /* false: what it is and how it stands may be read */
};
/* A VM with `firmware = ["zynqmp-eemi"]`. */
struct eemi_vm_row {
    uint16_t vm;
    uint16_t grant_first; /* index into eemi_grant_rows */
    uint16_t grant_count;
};

/* What a VM's rows are called, in their order.  Not linked but with Kconfig TRACE. */
struct name_row {
    const char *const *mmio;
    const char *const *port;
    const char *const *sysreg;
};

struct restart_row {
    uint32_t max; /* restarts allowed within window_ms; 0: no limit */
    uint32_t window_ms;
    uint32_t backoff_ms;
};

struct vm_row {
    const char *name;
    struct arch_vm_row arch; /* stage-2 root, VMID, feature policy */
    uint16_t vcpu_first;
    uint16_t vcpu_count;
    const struct mmio_row *mmio;
    uint32_t mmio_count;
    const struct port_row *port;
    uint32_t port_count;
    const struct sysreg_row *sysreg;
    uint32_t sysreg_count;
    const struct ram_row *ram;
    uint32_t ram_count;
    const struct image_row *image;
    uint32_t image_count;
    gpa_t entry;       /* first instruction of vCPU 0 */
    uint64_t boot_arg; /* x0 / a1: GPA of the guest's device tree, 0: none */
    enum vm_policy on_crash;
    enum vm_policy on_reset;
    enum vm_policy on_off;
    struct restart_row restart;
    bool own_counter;     /* its counter starts at 0 with it; else it is the board's */
    bool console_control; /* the console's keys may start, stop and restart it */
};

/* What the board check compares firmware's device tree with. */
struct range_row {
    uint64_t base;
    uint64_t size;
};
struct board_row {
    const char *name;
    hpa_t dtb_fallback;          /* where the tree is when firmware hands over 0; 0: nowhere */
    const struct range_row *ram; /* what the plan uses; must lie inside the board's RAM */
    uint32_t ram_count;
    const char *gic_compatible; /* "arm,gic-v3" */
    /* in reg order: distributor; redistributors, or a GICv2's GICC, GICH and GICV */
    const struct range_row *gic;
    uint32_t gic_count;
    const char *uart_compatible;
    struct range_row uart;
};

extern const struct board_row board_row;
extern const char deployment_name[];
extern const char deployment_hash[]; /* hex of the hash of all inputs */
extern const char build_tools[];     /* versions of compiler and linker, for the log */
extern const char build_info[]; /* the record that ./build.py --info finds: nothing reads it here */
extern const struct vm_row vm_rows[];
extern const struct sysreg_ops *const sysreg_kinds[];
extern const struct vcpu_row vcpu_rows[];
extern const struct pcpu_row pcpu_rows[];
extern const struct irq_row irq_rows[];
extern const struct vgic_row vgic_rows[];
extern const struct vuart_row vuart_rows[];
extern const struct channel_row channel_rows[];
extern const struct channel_peer_row channel_peer_rows[];
extern const struct ivc_row ivc_rows[];
extern const struct monitor_row monitor_rows[];
extern const struct control_row control_rows[];
extern const struct watchdog_row watchdog_rows[];
extern const struct console_voice_row console_voice_rows[];
extern const struct trapped_row trapped_rows[];
extern const struct eemi_vm_row eemi_vm_rows[];
extern const struct eemi_grant_row eemi_grant_rows[];
extern const struct name_row name_rows[]; /* index = VM */
extern const char *const irq_names[];     /* by physical INTID, NULL: it has none */

/*
 * <tables.h>, generated, holds counts only: VM_COUNT, VCPU_COUNT, PCPU_COUNT, IRQ_COUNT (rows of
 * irq_rows), VGIC_SPI_WORDS (most spi_count / 32 of any VM, at least 1), VUART_COUNT,
 * CHANNEL_COUNT, CHANNEL_PEER_COUNT, IVC_COUNT, MONITOR_COUNT, CONTROL_COUNT, WATCHDOG_COUNT,
 * LINKED_SPI_COUNT (physical SPIs that some VM has), how many VMs may run again
 * (RESTART_VM_COUNT), reset the board (RESET_BOARD_VM_COUNT), take orders of others
 * (ORDER_VM_COUNT), have a counter of their own (OWN_COUNTER_VM_COUNT), CONSOLE_VOICE_COUNT,
 * TRAPPED_COUNT, TRAPPED_LOCK_COUNT, EEMI_VM_COUNT, EEMI_GRANT_COUNT, VCPU_MAX_PER_VM, and
 * PLAT_UART_BASE, PLAT_UART_CLOCK_HZ, PLAT_UART_SPI, PLAT_POWER_BASE (0: no device drives it);
 * <names.h> what traces need: MMIO_ROW_MAX, PORT_ROW_MAX, SYSREG_ROW_MAX (most rows of any VM),
 * IRQ_NAME_COUNT.  A count may be 0: arrays are declared with COUNT_AT_LEAST_ONE(n).
 */
#define COUNT_AT_LEAST_ONE(n) ((n) > 0 ? (n) : 1)

#endif
