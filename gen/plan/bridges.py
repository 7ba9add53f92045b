# SPDX-License-Identifier: Apache-2.0
"""Address translation of buses and bridges (`ranges`, `dma-ranges`; Devicetree Specification 2.3.8,
2.3.9) for nodes that stand elsewhere in the guest's tree than in the board's."""

from __future__ import annotations

from gen.plan.tree_write import cells, number64
from gen.ranges import Range
from gen.read.fdt import Node, entries, to_cpu

BRIDGE_PROPERTIES = frozenset(("ranges", "dma-ranges"))
PCI_CELLS = 3

DmaWindow = tuple[int, int, int]  # address as the device says it, as the CPU says it, size


def is_pci(node: Node) -> bool:
    return node.text("device_type") == "pci"


def pci_windows(node: Node) -> tuple[Range, ...]:
    """CPU addresses behind which a PCI host bridge shows its bus."""
    if not is_pci(node):
        return ()
    return tuple(part for _, part in _pci_ranges(node, "ranges"))


def bridge_properties(source: Node) -> dict[str, bytes]:
    """A PCI host bridge's translations, told to a parent with 64-bit addresses. Other devices lose
    theirs: what has an address of its own stands beside them."""
    if not is_pci(source):
        return {}
    properties = {}
    for name in sorted(BRIDGE_PROPERTIES):
        rows = _pci_ranges(source, name)
        if rows:
            properties[name] = b"".join(
                cells(*head) + number64(part.base) + number64(part.size) for head, part in rows
            )
    return properties


def _pci_ranges(node: Node, name: str) -> list[tuple[tuple[int, ...], Range]]:
    """PCI address cells and CPU range of each entry."""
    parent = node.parent
    above = parent.cell("#address-cells", 2) if parent is not None else 2
    widths = (*(1,) * PCI_CELLS, above, node.cell("#size-cells", 2))
    rows = []
    for *head, base, size in entries(node.cells(name), *widths):
        part = to_cpu(parent, Range(base, size)) if name == "ranges" else Range(base, size)
        if part is not None:
            rows.append((tuple(head), part))
    return rows


def dma_translation(node: Node) -> tuple[DmaWindow, ...]:
    """How the buses above translate what a device masters; nothing where they don't. Two buses that
    both translate are taken as one after the other."""
    windows: tuple[DmaWindow, ...] = ()
    bus = node.parent
    while bus is not None and bus.parent is not None:
        if bus.properties.get("dma-ranges"):
            mine = _dma_ranges(bus)
            windows = _behind(windows, mine) if windows else mine
        bus = bus.parent
    return windows if any(dma != cpu for dma, cpu, _ in windows) else ()


def _dma_ranges(bus: Node) -> tuple[DmaWindow, ...]:
    assert bus.parent is not None
    child, above = bus.cell("#address-cells", 2), bus.parent.cell("#address-cells", 2)
    rows = entries(bus.cells("dma-ranges"), child, above, bus.cell("#size-cells", 1))
    return tuple((dma, cpu, size) for dma, cpu, size in rows)


def _behind(first: tuple[DmaWindow, ...], second: tuple[DmaWindow, ...]) -> tuple[DmaWindow, ...]:
    """Windows of the bus below, with CPU addresses as the bus above gives them."""
    found = []
    for dma, middle, size in first:
        for inner, cpu, length in second:
            low, high = max(middle, inner), min(middle + size, inner + length)
            if low < high:
                found.append((dma + low - middle, cpu + low - inner, high - low))
    return tuple(found)


def translation_bus(windows: tuple[DmaWindow, ...], nodes: list[Node]) -> Node:
    """The bus among `nodes` that translates so; made where there is none."""
    value = b"".join(number64(number) for window in windows for number in window)
    buses = [node for node in nodes if node.name.startswith("dma-bus")]
    same = [node for node in buses if node.properties["dma-ranges"] == value]
    if same:
        return same[0]
    bus = Node(
        f"dma-bus-{len(buses)}" if buses else "dma-bus",
        None,
        {
            "compatible": b"simple-bus\0",
            "#address-cells": cells(2),
            "#size-cells": cells(2),
            "ranges": b"",
            "dma-ranges": value,
        },
    )
    nodes.append(bus)
    return bus
