# SPDX-License-Identifier: Apache-2.0
"""How nodes of a device tree interrupt (Devicetree Specification 0.4, 2.4): by which controller, and
which of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from gen.read.board import Interrupt
from gen.read.fdt import Node, Tree
from gen.read.gic import kind_of, trigger_of

GIC_COMPATIBLES: dict[str, Literal[2, 3]] = {
    "arm,gic-v3": 3,
    "arm,gic-400": 2,
    "arm,cortex-a15-gic": 2,
    "arm,cortex-a7-gic": 2,
    "arm,cortex-a9-gic": 2,
}


@dataclass(frozen=True)
class Specifier:
    """One entry of `interrupts` or `interrupts-extended`."""

    controller: Node
    cells: tuple[int, ...]


@dataclass(frozen=True)
class MapEntry:
    """One row of a bridge's `interrupt-map` (2.4.3)."""

    child: tuple[int, ...]  # address and specifier on the bridge's own side
    controller: Node
    address: tuple[int, ...]  # of the controller's side
    cells: tuple[int, ...]


def is_gic(node: Node) -> bool:
    return any(name in GIC_COMPATIBLES for name in node.compatible)


def specifiers(tree: Tree, node: Node) -> tuple[Specifier, ...]:
    """Of any controller, in order; what stands behind an unknown one can't be told apart."""
    found: list[Specifier] = []
    if node.has("interrupts-extended"):
        cells, at = node.cells("interrupts-extended"), 0
        while at < len(cells):
            controller = tree.phandles.get(cells[at])
            if controller is None:
                break
            end = at + 1 + controller.cell("#interrupt-cells", 1)
            found.append(Specifier(controller, cells[at + 1 : end]))
            at = end
        return tuple(found)
    parent = interrupt_parent(tree, node) if node.has("interrupts") else None
    if parent is not None:
        cells, width = node.cells("interrupts"), max(parent.cell("#interrupt-cells", 1), 1)
        found = [Specifier(parent, cells[at : at + width]) for at in range(0, len(cells), width)]
    return tuple(found)


def map_entries(tree: Tree, node: Node) -> Iterator[MapEntry]:
    """The rows of a node's interrupt-map, up to one that leads nowhere."""
    cells = node.cells("interrupt-map")
    width = node.cell("#address-cells", 2) + node.cell("#interrupt-cells", 1)
    at = 0
    while at + width < len(cells):
        place = at + width
        controller = tree.phandles.get(cells[place])
        if controller is None:
            return
        start = place + 1 + controller.cell("#address-cells", 0)
        end = start + controller.cell("#interrupt-cells", 1)
        yield MapEntry(cells[at:place], controller, cells[place + 1 : start], cells[start:end])
        at = end


def interrupt_parent(tree: Tree, node: Node) -> Node | None:
    """The controller that `interrupts` of this node refers to, inherited."""
    at: Node | None = node
    while at is not None:
        if at.has("interrupt-parent"):
            return tree.phandles.get(at.cell("interrupt-parent", 0))
        at = at.parent
        if at is not None and at.has("interrupt-controller"):
            return at
    return None


def read_interrupts(tree: Tree, node: Node) -> tuple[Interrupt, ...]:
    """Interrupts that reach the GIC: a device's in order, a bridge's each once, by INTID. Those of
    other controllers (GPIO lines) are left out."""
    if node.has("interrupt-map"):
        mapped = [_decode(entry.controller, entry.cells) for entry in map_entries(tree, node)]
        found = dict.fromkeys(irq for irq in mapped if irq is not None)
        return tuple(sorted(found, key=lambda irq: irq.intid))
    own = [_decode(entry.controller, entry.cells) for entry in specifiers(tree, node)]
    return tuple(irq for irq in own if irq is not None)


def _decode(controller: Node, cells: tuple[int, ...]) -> Interrupt | None:
    kind = kind_of(cells) if is_gic(controller) else None
    return Interrupt(kind, cells[1], trigger_of(cells)) if kind is not None else None
