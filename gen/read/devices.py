# SPDX-License-Identifier: Apache-2.0
"""Devices of a board, read from its device tree: registers, interrupts, whether they master the
bus."""

from __future__ import annotations

from typing import Literal

from gen.ranges import Range
from gen.read.board import BoardDevice, Interrupt
from gen.read.fdt import Node, Tree, cpu_reg, entries
from gen.read.masters import is_bus, is_master

GIC_COMPATIBLES: dict[str, Literal[2, 3]] = {
    "arm,gic-v3": 3,
    "arm,gic-400": 2,
    "arm,cortex-a15-gic": 2,
    "arm,cortex-a7-gic": 2,
    "arm,cortex-a9-gic": 2,
}


def read_devices(tree: Tree) -> tuple[BoardDevice, ...]:
    """Every node with registers in CPU addresses or with interrupts, except CPUs and memory."""
    names: dict[str, list[str]] = {}
    for alias, path in tree.aliases.items():
        names.setdefault(path, []).append(alias)
    devices = []
    for node in tree.walk():
        if _is_machine(node):
            continue
        reg, interrupts = cpu_reg(node), read_interrupts(tree, node)
        if not reg and not interrupts:
            continue
        devices.append(
            BoardDevice(
                path=node.path,
                name=node.name,
                compatible=node.compatible,
                reg=reg,
                interrupts=interrupts,
                aliases=tuple(names.get(node.path, ())),
                enabled=_enabled(node),
                dma=is_master(node),
                is_bus=is_bus(node),
                below=tuple(p for n in node.walk() if n is not node for p in cpu_reg(n) if p.size),
            )
        )
    return tuple(devices)


def _is_machine(node: Node) -> bool:
    """CPUs, memory and what firmware reserves are the machine itself, not devices of it."""
    at: Node | None = node
    while at is not None:
        if at.name.split("@")[0] in ("cpus", "memory", "reserved-memory", "chosen"):
            return True
        at = at.parent
    return node.parent is None


def _enabled(node: Node) -> bool:
    """A device works when neither it nor a bus above it is disabled."""
    at: Node | None = node
    while at is not None:
        if not at.enabled:
            return False
        at = at.parent
    return True


def read_interrupts(tree: Tree, node: Node) -> tuple[Interrupt, ...]:
    """Interrupts that reach the GIC. Those of other controllers (GPIO lines) are left out."""
    if node.has("interrupt-map"):
        return _nexus_interrupts(tree, node)
    found: list[Interrupt] = []
    if node.has("interrupts-extended"):
        cells, at = node.cells("interrupts-extended"), 0
        while at < len(cells):
            parent = tree.phandles.get(cells[at])
            if parent is None:
                break
            width = parent.cell("#interrupt-cells", 1)
            found += _decode(parent, cells[at + 1 : at + 1 + width])
            at += 1 + width
        return tuple(found)
    controller = interrupt_parent(tree, node)
    if controller is not None:
        width = controller.cell("#interrupt-cells", 1)
        cells = node.cells("interrupts")
        for at in range(0, len(cells), max(width, 1)):
            found += _decode(controller, cells[at : at + width])
    return tuple(found)


def interrupt_parent(tree: Tree, node: Node) -> Node | None:
    """The controller that `interrupts` of this node refers to (inherited, spec 2.4)."""
    at: Node | None = node
    while at is not None:
        if at.has("interrupt-parent"):
            return tree.phandles.get(at.cell("interrupt-parent", 0))
        at = at.parent
        if at is not None and at.has("interrupt-controller"):
            return at
    return None


def _nexus_interrupts(tree: Tree, node: Node) -> tuple[Interrupt, ...]:
    """The distinct interrupts that a bridge's interrupt-map leads to (spec 2.4.3)."""
    cells = node.cells("interrupt-map")
    child = node.cell("#address-cells", 2) + node.cell("#interrupt-cells", 1)
    found: list[Interrupt] = []
    at = child
    while at < len(cells):
        parent = tree.phandles.get(cells[at])
        if parent is None:
            break
        start = at + 1 + parent.cell("#address-cells", 0)
        end = start + parent.cell("#interrupt-cells", 1)
        found += [irq for irq in _decode(parent, cells[start:end]) if irq not in found]
        at = end + child
    return tuple(sorted(found, key=lambda irq: irq.intid))


def is_gic(node: Node) -> bool:
    return any(name in GIC_COMPATIBLES for name in node.compatible)


def _decode(controller: Node, cells: tuple[int, ...]) -> list[Interrupt]:
    """GIC binding: cell 0 is 0 for SPI, 1 for PPI; cell 1 the number; cell 2 bits 3:0 the trigger
    (1 and 2 are edges, 4 and 8 levels)."""
    if not is_gic(controller) or len(cells) < 3 or cells[0] > 1:
        return []
    trigger: Literal["level", "edge"] = "edge" if cells[2] & 0xF in (1, 2) else "level"
    return [Interrupt("ppi" if cells[0] else "spi", cells[1], trigger)]


def clock_hz(tree: Tree, node: Node) -> int:
    """The frequency of a node's first clock where the tree fixes it; 0 when it does not."""
    if node.has("clock-frequency"):
        return node.cell("clock-frequency", 0)
    for phandle in node.cells("clocks")[:1]:
        clock = tree.phandles.get(phandle)
        if clock is not None and "fixed-clock" in clock.compatible:
            return clock.cell("clock-frequency", 0)
    return 0


def ram_ranges(tree: Tree) -> tuple[tuple[Range, ...], tuple[Range, ...]]:
    """(RAM, reserved RAM), each sorted."""
    ram = [
        part
        for node in tree.root.children
        if node.text("device_type") == "memory" and node.enabled
        for part in cpu_reg(node)
    ]
    reserved = list(tree.memory_reservations)
    holder = tree.root.child("reserved-memory")
    for node in holder.children if holder is not None else ():
        if node.enabled:
            reserved += cpu_reg(node)
    return _sorted(ram), _sorted(reserved)


def _sorted(parts: list[Range]) -> tuple[Range, ...]:
    return tuple(sorted((part for part in parts if part.size), key=lambda part: part.base))


def cpu_nodes(tree: Tree) -> list[tuple[int, Node]]:
    """(hardware id, node) of every usable CPU, by id."""
    holder = tree.root.child("cpus")
    if holder is None:
        return []
    width = holder.cell("#address-cells", 1)
    found = []
    for node in holder.children:
        usable = node.text("status", "okay") not in ("fail", "reserved")
        ids = entries(node.cells("reg"), width)
        if node.text("device_type") == "cpu" and ids and usable:
            found.append((ids[0][0], node))
    return sorted(found, key=lambda entry: entry[0])
