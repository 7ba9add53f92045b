# SPDX-License-Identifier: Apache-2.0
"""The device tree of a guest, made from the plan: what the bare board would show of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gen.plan.device_nodes import DeviceNodes
from gen.plan.draft import Doorbell, EmulatedUart, Span, VmDevices
from gen.plan.emulated_devices import emulated_node
from gen.plan.model import EmulatedDevice, Monitor, Watchdog
from gen.plan.tree_write import cells, number64, reg, strings
from gen.plan.watch import monitor_node, watchdog_node
from gen.ranges import PAGE, Range
from gen.read.board import Board
from gen.read.deployment import Channel, Vm
from gen.read.device_types import UARTS
from gen.read.fdt import Node, Tree
from gen.read.gic import ppi_cells, spi_cells

PL011_PERIPHID = 0x0034_1011  # PL011 r1p5 (DDI 0183G 3.3.14)
# Numbers that no board's tree has: a vendor's property that kept one of those leads nowhere.
GIC_PHANDLE = 0x1000_0001
CLOCK_PHANDLE = 0x1000_0002
FIRST_FREE_PHANDLE = 0x1000_0010


@dataclass(frozen=True)
class GuestView:
    """All that a VM's tree tells; addresses are guest-physical."""

    vm: Vm
    board: Board
    ram: tuple[Range, ...]
    cpu_ids: tuple[int, ...]
    cpu_compatibles: tuple[str, ...]
    gic: tuple[Span, ...]  # distributor, redistributors; empty: none
    uarts: tuple[EmulatedUart, ...]
    emulated: tuple[EmulatedDevice, ...]
    devices: VmDevices
    channels: tuple[Channel, ...]
    doorbells: tuple[Doorbell, ...]
    watchdog: Watchdog | None
    monitor: Monitor | None
    initrd: Range | None


def guest_tree(view: GuestView, board_tree: Tree, passed: DeviceNodes) -> Node:
    root = Node("")
    gic = _gic_node(view, root)
    root.properties |= _root_properties(board_tree, gic is not None)
    if gic is not None:
        _add(root, gic)
    _add(root, _cpus(view))
    for part in view.ram:
        _add(root, memory_node(part))
    _add(root, _psci())
    _add(root, _timer(view))
    uarts = _uarts(view)
    emulated = [emulated_node(device, bool(view.gic)) for device in view.emulated]
    for node in (*uarts, *emulated, *passed.nodes, *_watch(view)):
        _add(root, node)
    for node in _reserved(view, passed):
        _add(root, node)
    known = {kind.compatible[0] for kind in UARTS}
    consoles = [n for n in uarts + passed.nodes if known.intersection(n.compatible)]
    if consoles:
        aliases = {f"serial{i}": strings(f"/{node.name}") for i, node in enumerate(consoles)}
        _add(root, Node("aliases", root, aliases))
    _add(root, Node("chosen", root, chosen_properties(view, consoles)))
    if view.vm.dtb_overlay:
        _add(root, _symbols(gic, consoles, passed.next_phandle + len(view.doorbells)))
    return root


def chosen_properties(view: GuestView, consoles: Sequence[Node]) -> dict[str, bytes]:
    properties: dict[str, bytes] = {}
    if view.vm.bootargs is not None:
        properties["bootargs"] = strings(view.vm.bootargs)
    if consoles:
        properties["stdout-path"] = strings(f"/{consoles[0].name}")
    if view.initrd is not None:
        properties["linux,initrd-start"] = number64(view.initrd.base)
        properties["linux,initrd-end"] = number64(view.initrd.end)
    return properties


def memory_node(part: Range) -> Node:
    properties = {"device_type": strings("memory"), "reg": reg(part)}
    return Node(f"memory@{part.base:x}", None, properties)


def _add(parent: Node, child: Node) -> None:
    child.parent = parent
    parent.children.append(child)


def _root_properties(board_tree: Tree, has_gic: bool) -> dict[str, bytes]:
    source = board_tree.root.properties
    properties = {"#address-cells": cells(2), "#size-cells": cells(2)}
    for name in ("model", "compatible"):
        if name in source:
            properties[name] = source[name]
    if has_gic:
        properties["interrupt-parent"] = cells(GIC_PHANDLE)
    return properties


def _gic_node(view: GuestView, root: Node) -> Node | None:
    if not view.gic:
        return None
    base = view.board.gic.path.rsplit("/", 1)[-1].split("@")[0] or "intc"
    version = view.board.gic.version
    properties = {
        "compatible": strings(view.board.gic.compatible if version == 2 else "arm,gic-v3"),
        "interrupt-controller": b"",
        "#interrupt-cells": cells(3),
        "#address-cells": cells(2),
        "#size-cells": cells(2),
        "ranges": b"",
        "reg": reg(*(span.range for span in view.gic)),
        "#redistributor-regions": cells(1),
        "phandle": cells(GIC_PHANDLE),
    }
    if version == 2:
        del properties["#redistributor-regions"]
    return Node(f"{base}@{view.gic[0].range.base:x}", root, properties)


def _cpus(view: GuestView) -> Node:
    holder = Node("cpus", None, {"#address-cells": cells(1), "#size-cells": cells(0)})
    for cpu_id, compatible in zip(view.cpu_ids, view.cpu_compatibles):
        properties = {
            "device_type": strings("cpu"),
            "compatible": strings(compatible),
            "reg": cells(cpu_id),
            "enable-method": strings("psci"),
        }
        _add(holder, Node(f"cpu@{cpu_id:x}", None, properties))
    return holder


def _psci() -> Node:
    """PSCI by HVC (DEN 0022, device tree binding arm,psci)."""
    compatible = strings("arm,psci-1.0", "arm,psci-0.2")
    return Node("psci", None, {"compatible": compatible, "method": strings("hvc")})


def _timer(view: GuestView) -> Node:
    """Binding order: secure, non-secure physical, virtual, hypervisor. The first never fires."""
    ppis = view.board.timer_ppi
    order = [ppis.get("secure", ppis["physical"])]
    order += [ppis[name] for name in ("physical", "virtual", "hypervisor")]
    interrupts = b"".join(cells(*ppi_cells(number, "level")) for number in order)
    properties = {"compatible": strings("arm,armv8-timer"), "always-on": b""}
    if view.gic:
        properties["interrupts"] = interrupts
    return Node("timer", None, properties)


def _uarts(view: GuestView) -> list[Node]:
    if not view.uarts:
        return []
    clock = {
        "compatible": strings("fixed-clock"),
        "#clock-cells": cells(0),
        "clock-frequency": cells(view.board.uart.clock_hz),
        "clock-output-names": strings("uartclk"),
        "phandle": cells(CLOCK_PHANDLE),
    }
    base = view.board.uart.path.rsplit("/", 1)[-1].split("@")[0] or "serial"
    nodes = []
    for uart in view.uarts:
        properties = {
            "compatible": strings(*uart.kind.compatible),
            "reg": reg(Range(uart.gpa, uart.size)),
            "clocks": cells(CLOCK_PHANDLE, CLOCK_PHANDLE),
            "clock-names": strings(*uart.kind.clock_names),
        }
        # Its identification registers may have no room.
        if "arm,primecell" in uart.kind.compatible and uart.size < PAGE:
            properties["arm,primecell-periphid"] = cells(PL011_PERIPHID)
        if view.gic:
            properties["interrupts"] = cells(*spi_cells(uart.spi, "level"))
        nodes.append(Node(f"{base}@{uart.gpa:x}", None, properties))
    return [*nodes, Node("uart-clock", None, clock)]


def _watch(view: GuestView) -> list[Node]:
    nodes = [watchdog_node(view.watchdog)] if view.watchdog is not None else []
    return nodes + ([monitor_node(view.monitor, view.vm.controls)] if view.monitor else [])


def _reserved(view: GuestView, passed: DeviceNodes) -> list[Node]:
    """reserved-memory with what devices need and the channels' windows, and a node a channel. It has
    the window in `reg`, too: what a driver like Linux' uio_pdrv_genirq maps."""
    if not view.doorbells and not passed.regions:
        return []
    phandle = passed.next_phandle
    properties = {"#address-cells": cells(2), "#size-cells": cells(2), "ranges": b""}
    holder = Node("reserved-memory", None, properties)
    nodes = [holder]
    for region in passed.regions:
        _add(holder, region)
    for number, end in enumerate(view.doorbells):
        channel = view.channels[end.channel]
        window = {
            "reg": reg(end.window),
            "no-map": b"",
            "label": strings(channel.name),
            "phandle": cells(phandle + number),
        }
        _add(holder, Node(f"channel@{end.window.base:x}", None, window))
        nodes.append(_channel(view, channel, end, phandle + number))
    return nodes


def _channel(view: GuestView, channel: Channel, end: Doorbell, phandle: int) -> Node:
    properties = {
        "compatible": strings("bulkhead,channel"),
        "label": strings(channel.name),
        "memory-region": cells(phandle),
        "bulkhead,access": strings(channel.peers[end.peer].access),
    }
    if end.spi is not None and view.gic:
        properties["interrupts"] = cells(*spi_cells(end.spi, "edge"))
    parts = {"window": end.window}
    if end.frame is not None:
        parts = {"doorbell": Range(end.frame, PAGE)} | parts
    properties["reg"] = reg(*parts.values())
    properties["reg-names"] = strings(*parts)
    return Node(f"channel@{next(iter(parts.values())).base:x}", None, properties)


def _symbols(gic: Node | None, consoles: Sequence[Node], phandle: int) -> Node:
    """Labels that overlays may use: gic, uart0, uart1 ... What has one needs a phandle."""
    properties = {}
    for number, node in enumerate(consoles):
        node.properties["phandle"] = cells(phandle + number)
        properties[f"uart{number}"] = strings(f"/{node.name}")
    if gic is not None:
        properties["gic"] = strings(f"/{gic.name}")
    return Node("__symbols__", None, properties)
