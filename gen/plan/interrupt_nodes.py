# SPDX-License-Identifier: Apache-2.0
"""Interrupts of a granted device as the guest's tree tells them (Devicetree Specification 2.4)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from gen.plan.draft import SpiClaim
from gen.plan.references import interrupts
from gen.plan.tree_write import cells, strings
from gen.read.devices import is_gic
from gen.read.fdt import Node, Tree

INTERRUPT_PROPERTIES = frozenset(
    "interrupts interrupts-extended interrupt-parent interrupt-names interrupt-map "
    "interrupt-map-mask".split()
)
EDGE, LEVEL = 1, 4  # GIC binding: rising edge, level high
GIC_ADDRESS_CELLS = 2  # of the guest's GIC node

PhandleOf = Callable[[Node], int | None]
Miss = Callable[[str, Node | None], None]


def interrupt_properties(
    tree: Tree,
    source: Node,
    irqs: Sequence[SpiClaim] | None,
    gic_phandle: int,
    phandle_of: PhandleOf,
    miss: Miss,
) -> dict[str, bytes]:
    """`irqs` are those of the GIC that the device is granted, None for a part of a device, which is
    granted none; those of other controllers stay where the controller is in the guest's tree."""
    if source.has("interrupt-map"):
        return _nexus(tree, source, irqs or (), gic_phandle, phandle_of, miss)
    granted = {irq.spi: irq for irq in irqs or ()}
    kept: list[tuple[int, tuple[int, ...]]] = []  # place in the list, cells with the controller
    found = interrupts(tree, source)
    for place, entry in enumerate(found):
        if is_gic(entry.controller):
            irq = granted.get(entry.cells[1]) if entry.cells[0] == 0 else None
            if irq is not None:
                kept.append((place, (gic_phandle, *_gic_cells(irq))))
            elif irqs is None:
                miss("interrupts", source)
        else:
            phandle = phandle_of(entry.controller)
            if phandle is None:
                miss("interrupts", entry.controller)
            else:
                kept.append((place, (phandle, *entry.cells)))
    if not kept:
        return {}
    properties = {"interrupts-extended": cells(*(cell for _, entry in kept for cell in entry))}
    if all(entry[0] == gic_phandle for _, entry in kept):
        plain = cells(*(cell for _, entry in kept for cell in entry[1:]))
        properties = {"interrupts": plain}
    names = source.texts("interrupt-names")
    if len(names) == len(found):
        properties["interrupt-names"] = strings(*(names[place] for place, _ in kept))
    return properties


def _gic_cells(irq: SpiClaim) -> tuple[int, int, int]:
    return 0, irq.guest_spi, EDGE if irq.trigger == "edge" else LEVEL


def _nexus(
    tree: Tree,
    source: Node,
    irqs: Sequence[SpiClaim],
    gic_phandle: int,
    phandle_of: PhandleOf,
    miss: Miss,
) -> dict[str, bytes]:
    """A bridge's interrupt-map with the guest's controller in it (2.4.3)."""
    granted = {irq.spi: irq for irq in irqs}
    values = source.cells("interrupt-map")
    child = source.cell("#address-cells", 2) + source.cell("#interrupt-cells", 1)
    rows: list[int] = []
    at = 0
    while at + child < len(values):
        head, parent = values[at : at + child], tree.phandles.get(values[at + child])
        if parent is None:
            break
        start = at + child + 1 + parent.cell("#address-cells", 0)
        end = start + parent.cell("#interrupt-cells", 1)
        if is_gic(parent):
            irq = granted.get(values[start + 1])
            if irq is not None:
                rows += [*head, gic_phandle, *(0,) * GIC_ADDRESS_CELLS, *_gic_cells(irq)]
        else:
            phandle = phandle_of(parent)
            if phandle is None:
                miss("interrupt-map", parent)
            else:
                rows += [*head, phandle, *values[at + child + 1 : end]]
        at = end
    if not rows:
        return {}
    kept = {"interrupt-map": cells(*rows)}
    if source.has("interrupt-map-mask"):
        kept["interrupt-map-mask"] = source.properties["interrupt-map-mask"]
    return kept
