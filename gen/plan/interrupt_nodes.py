# SPDX-License-Identifier: Apache-2.0
"""Interrupts of a granted device as the guest's tree tells them (Devicetree Specification 2.4)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from gen.plan.draft import SpiClaim
from gen.plan.tree_write import cells, strings
from gen.read.fdt import Node, Tree
from gen.read.gic import spi_cells, spi_of
from gen.read.interrupts import is_gic, map_entries, specifiers

INTERRUPT_PROPERTIES = frozenset(
    "interrupts interrupts-extended interrupt-parent interrupt-names interrupt-map "
    "interrupt-map-mask".split()
)
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
    found = specifiers(tree, source)
    for place, entry in enumerate(found):
        if is_gic(entry.controller):
            irq = _granted(granted, entry.cells)
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
    return spi_cells(irq.guest_spi, irq.trigger)


def _granted(granted: Mapping[int, SpiClaim], cells: tuple[int, ...]) -> SpiClaim | None:
    """What a GIC's specifier names, as far as it is the VM's."""
    spi = spi_of(cells)
    return granted.get(spi) if spi is not None else None


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
    rows: list[int] = []
    for entry in map_entries(tree, source):
        if is_gic(entry.controller):
            irq = _granted(granted, entry.cells)
            if irq is not None:
                rows += [*entry.child, gic_phandle, *(0,) * GIC_ADDRESS_CELLS, *_gic_cells(irq)]
        else:
            phandle = phandle_of(entry.controller)
            if phandle is None:
                miss("interrupt-map", entry.controller)
            else:
                rows += [*entry.child, phandle, *entry.address, *entry.cells]
    if not rows:
        return {}
    kept = {"interrupt-map": cells(*rows)}
    if source.has("interrupt-map-mask"):
        kept["interrupt-map-mask"] = source.properties["interrupt-map-mask"]
    return kept
