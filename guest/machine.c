/* SPDX-License-Identifier: Apache-2.0 */
#include "machine.h"

#include <libfdt.h>
#include <string.h>

struct machine machine;

/* Entry `index` of the node's reg, with the root's address and size cells (2 and 2 in the trees of
 * Bulkhead and of QEMU's virt; a node's name space of its own has another reader). */
static bool read_reg(const void *tree, int node, int index, uint64_t *base, uint64_t *size)
{
    const int entry = 4 * (int)sizeof(fdt32_t);
    int length = 0;
    const char *reg = fdt_getprop(tree, node, "reg", &length);

    if (reg == NULL || length < (index + 1) * entry) {
        return false;
    }
    *base = fdt64_ld((const fdt64_t *)(const void *)(reg + index * entry));
    *size = fdt64_ld((const fdt64_t *)(const void *)(reg + index * entry + entry / 2));
    return true;
}

/* Entry of the node's reg that reg-names calls `name`. */
static bool read_named_reg(const void *tree, int node, const char *name, uint64_t *base,
                           uint64_t *size)
{
    const int index = fdt_stringlist_search(tree, node, "reg-names", name);

    return index >= 0 && read_reg(tree, node, index, base, size);
}

/* Entry `index` of the node's interrupts, as the GIC binding has it: kind, number, flags. */
static uint32_t read_intid(const void *tree, int node, int index)
{
    const int entry = 3 * (int)sizeof(fdt32_t);
    int length = 0;
    const fdt32_t *cells = fdt_getprop(tree, node, "interrupts", &length);

    if (cells == NULL || length < (index + 1) * entry) {
        return 0;
    }
    const uint32_t kind = fdt32_ld(&cells[3 * index]);
    return fdt32_ld(&cells[3 * index + 1]) + (kind == 0 ? 32u : 16u);
}

static void read_cpus(const void *tree)
{
    const int cpus = fdt_path_offset(tree, "/cpus");
    int node;

    fdt_for_each_subnode(node, tree, cpus)
    {
        int length = 0;
        const fdt32_t *reg = fdt_getprop(tree, node, "reg", &length);
        const char *name = fdt_get_name(tree, node, NULL);
        if (reg == NULL || strncmp(name, "cpu@", 4) != 0 || machine.cpu_count == CPU_MAX) {
            continue;
        }
        machine.cpu_ids[machine.cpu_count++] =
            length == 8 ? fdt64_ld((const fdt64_t *)(const void *)reg) : fdt32_ld(reg);
    }
}

static void read_bootargs(const void *tree)
{
    const int chosen = fdt_path_offset(tree, "/chosen");
    const char *bootargs = chosen < 0 ? NULL : fdt_getprop(tree, chosen, "bootargs", NULL);

    if (bootargs != NULL) {
        strncpy(machine.bootargs, bootargs, sizeof(machine.bootargs) - 1);
    }
}

static void read_channel(const void *tree, int node)
{
    struct machine_channel *channel = &machine.channels[machine.channel_count];
    uint64_t doorbell_size;
    const char *label = fdt_getprop(tree, node, "label", NULL);
    const char *access = fdt_getprop(tree, node, "bulkhead,access", NULL);

    if (label == NULL || access == NULL || strlen(label) >= sizeof(channel->name) ||
        !read_named_reg(tree, node, "window", &channel->window_base, &channel->window_size)) {
        return;
    }
    strcpy(channel->name, label);
    channel->writable = strcmp(access, "rw") == 0;
    if (read_named_reg(tree, node, "doorbell", &channel->doorbell_base, &doorbell_size)) {
        channel->intid = read_intid(tree, node, 0);
    }
    machine.channel_count++;
}

static void read_channels(const void *tree)
{
    int node = -1;

    while (machine.channel_count < CHANNEL_MAX) {
        node = fdt_node_offset_by_compatible(tree, node, "bulkhead,channel");
        if (node < 0) {
            return;
        }
        read_channel(tree, node);
    }
}

static void read_watchdog(const void *tree)
{
    const int node = fdt_node_offset_by_compatible(tree, -1, "arm,sbsa-gwdt");
    uint64_t size;

    if (node >= 0 && read_reg(tree, node, 1, &machine.watchdog_refresh_base, &size) &&
        read_reg(tree, node, 0, &machine.watchdog_base, &size)) {
        machine.watchdog_intid = read_intid(tree, node, 0);
    }
}

static void read_monitor(const void *tree)
{
    const int node = fdt_node_offset_by_compatible(tree, -1, "bulkhead,monitor");
    const int count = node < 0 ? 0 : fdt_stringlist_count(tree, node, "bulkhead,controls");
    int length = 0;
    const char *names = node < 0 ? NULL : fdt_getprop(tree, node, "bulkhead,controls", &length);

    if (count <= 0 || (size_t)length > sizeof(machine.controls)) {
        return;
    }
    memcpy(machine.controls, names, (size_t)length);
    machine.control_count = (unsigned)count;
    machine.monitor_intid = read_intid(tree, node, 0);
}

/* The first one in the tree is the console. */
static void read_uart(const void *tree)
{
    static const struct uart *const kinds[] = { &uart_pl011, &uart_cadence };
    int first = -1;
    uint64_t size;

    for (unsigned i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        const int node = fdt_node_offset_by_compatible(tree, -1, kinds[i]->compatible);

        if (node >= 0 && (first < 0 || node < first) &&
            read_reg(tree, node, 0, &machine.uart_base, &size)) {
            first = node;
            machine.uart = kinds[i];
            machine.uart_intid = read_intid(tree, node, 0);
        }
    }
}

/* Binding arm,gic-v3, or one of those of a GICv2 (arm,gic). */
static bool read_gic(const void *tree)
{
    static const char *const gicv2[] = { "arm,gic-400", "arm,cortex-a15-gic", "arm,cortex-a7-gic",
                                         "arm,cortex-a9-gic" };
    uint64_t size;
    int gic = fdt_node_offset_by_compatible(tree, -1, "arm,gic-v3");

    if (gic >= 0) {
        return read_reg(tree, gic, 0, &machine.gicd_base, &size) &&
               read_reg(tree, gic, 1, &machine.gicr_base, &machine.gicr_size);
    }
    for (unsigned i = 0; i < sizeof(gicv2) / sizeof(gicv2[0]) && gic < 0; i++) {
        gic = fdt_node_offset_by_compatible(tree, -1, gicv2[i]);
    }
    return gic >= 0 && read_reg(tree, gic, 0, &machine.gicd_base, &size) &&
           read_reg(tree, gic, 1, &machine.gicc_base, &size);
}

bool machine_read(const void *tree)
{
    if (tree == NULL || fdt_check_header(tree) != 0) {
        return false;
    }
    read_uart(tree);
    read_bootargs(tree);
    read_cpus(tree);
    read_channels(tree);
    read_watchdog(tree);
    read_monitor(tree);

    const int timer = fdt_node_offset_by_compatible(tree, -1, "arm,armv8-timer");
    if (timer < 0) {
        return false;
    }
    machine.timer_intid = read_intid(tree, timer, 2); /* secure, physical, virtual, hypervisor */
    return machine.timer_intid != 0 && read_gic(tree);
}
