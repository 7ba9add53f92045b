# SPDX-License-Identifier: Apache-2.0
"""Devices of a board, read from its device tree: registers, interrupts, whether they master the
bus."""

from __future__ import annotations

import re
from collections.abc import Sequence

from gen.ranges import Range
from gen.read.board import BoardDevice
from gen.read.fdt import Node, Tree, cpu_reg, entries
from gen.read.interrupts import read_interrupts
from gen.read.masters import is_bus, is_master


# Nodes under the root, and bindings, of the machine itself, of which every VM has its own, virtual one.
MACHINE_NODES = ("cpus", "memory", "psci", "chosen", "reserved-memory", "aliases")
_MACHINE_COMPATIBLES = (
    "arm,armv7-timer",
    "arm,armv8-timer",
    "arm,psci",
    "brcm,bcm2711-l1-intc",
    "brcm,bcm2836-l1-intc",
)
_PMU = re.compile(r"arm,(armv8-pmuv3|.*-pmu)|.*cortex-a\d+-pmu")


def is_cpu_part(compatible: Sequence[str]) -> bool:
    """Timers, the PMU, the firmware interface: parts of CPUs, though trees describe them as nodes."""
    return any(name in _MACHINE_COMPATIBLES or _PMU.fullmatch(name) for name in compatible)


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
