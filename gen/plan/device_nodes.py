# SPDX-License-Identifier: Apache-2.0
"""Nodes of granted devices for a guest's tree: copied from the board's tree, with references to what
the guest has too and without those to what it has not. Nodes that hold nothing but data (fixed
clocks, fixed regulators) come along where something refers to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from gen.plan.bridges import BRIDGE_PROPERTIES, bridge_properties, dma_translation, translation_bus
from gen.plan.draft import DeviceClaim, SpiClaim
from gen.plan.interrupt_nodes import INTERRUPT_PROPERTIES, interrupt_properties
from gen.plan.references import COMPANIONS, controls, holds_references, references
from gen.plan.tree_write import cells, reg
from gen.ranges import Range
from gen.read.fdt import Node, Tree, cpu_reg

# What is written anew, or means nothing in another tree.
REPLACED = frozenset(
    "cpu cpus interrupt-affinity iommu-map iommu-map-mask linux,phandle msi-map msi-map-mask "
    "next-level-cache phandle reg status".split()
)
DATA_COMPATIBLES = ("fixed-clock", "fixed-factor-clock", "regulator-fixed", "usb-nop-xceiv")
GPIO_PROPERTIES = ("gpio", "gpios", "enable-gpio", "enable-gpios")


@dataclass
class DeviceNodes:
    """What the devices of a VM add to its tree."""

    nodes: list[Node] = field(default_factory=list)  # under the root
    regions: list[Node] = field(default_factory=list)  # under /reserved-memory
    next_phandle: int = 0
    notes: list[tuple[DeviceClaim, str]] = field(default_factory=list)  # what is left out, and why


def device_nodes(
    claims: Sequence[DeviceClaim],
    board_tree: Tree,
    gic_phandle: int,
    first_phandle: int,
    hidden: frozenset[int] = frozenset(),
) -> DeviceNodes:
    """`hidden`: ids of nodes below those of claims that the guest has not."""
    builder = _Builder(claims, board_tree, gic_phandle, first_phandle, hidden)
    return builder.build()


class _Builder:
    def __init__(
        self,
        claims: Sequence[DeviceClaim],
        tree: Tree,
        gic_phandle: int,
        first_phandle: int,
        hidden: frozenset[int],
    ) -> None:
        self.hidden = hidden
        self.tree = tree
        self.gic_phandle = gic_phandle
        self.first_phandle = first_phandle
        found = [(claim, tree.find(claim.device.path)) for claim in claims]
        self.claims = {id(node): claim for claim, node in found if node is not None}
        self.sources = [(claim, node) for claim, node in found if node is not None]
        self.regions = {id(r.node): r for claim in claims for r in claim.regions}
        self.phandles: dict[int, int] = {}  # by source node
        self.copies: dict[int, Node] = {}
        self.pending: list[Node] = []  # data nodes that something refers to
        self.made = DeviceNodes()
        self.missing: dict[str, list[str]] = {}  # of the device at work: provider to properties

    def build(self) -> DeviceNodes:
        for region in self.regions.values():
            self.made.regions.append(self._region(region.node, region.range))
        for claim, node in self.sources:
            if self._claimed_above(node) is None:
                self._place(claim, node)
        while self.pending:
            node = self.pending.pop(0)
            copy = Node(self._free_name(node.name), None, {})
            self._fill(copy, node, ())
            self.made.nodes.append(copy)
        for source, phandle in self.phandles.items():
            self.copies[source].properties["phandle"] = cells(phandle)
        self.made.next_phandle = self.first_phandle + len(self.phandles)
        return self.made

    def _place(self, claim: DeviceClaim, source: Node) -> None:
        """Under the root, or where the bus translates what the device masters, under one like it."""
        node = self._device(claim, source)
        windows = dma_translation(source) if claim.masters else ()
        if windows:
            bus = translation_bus(windows, self.made.nodes)
            node.parent = bus
            bus.children.append(node)
        else:
            self.made.nodes.append(node)

    def _device(self, claim: DeviceClaim, source: Node) -> Node:
        """With CPU addresses, enabled, whatever the board's tree says."""
        self.missing = {}
        node = Node(_name(claim, source), None, {})
        self._fill(node, source, claim.irqs)
        if claim.device.reg:
            node.properties["reg"] = reg(*claim.device.reg)
        node.properties |= bridge_properties(source)
        inside = [n for n in source.walk() if id(n) in self.claims and n is not source]
        if any(cpu_reg(n) for n in inside):
            node.properties |= {"#address-cells": cells(2), "#size-cells": cells(2), "ranges": b""}
        self._tell(claim)
        for child in source.children:
            self._child(claim, child, node)
        return node

    def _child(self, claim: DeviceClaim, source: Node, parent: Node) -> None:
        """Below a device its own numbering holds. What has registers of its own is left out unless
        it is granted."""
        if id(source) in self.hidden:
            return
        own = self.claims.get(id(source))
        if own is not None:
            node = self._device(own, source)
            if not cpu_reg(source) and source.has("reg"):
                node.properties["reg"] = source.properties["reg"]
                node.name = source.name
        elif cpu_reg(source):
            return
        else:
            self.missing = {}
            node = Node(source.name, parent, {})
            self._fill(node, source, None)
            for name in ("reg", "status"):
                if source.has(name):
                    node.properties[name] = source.properties[name]
            if any(_is_vital(name) for names in self.missing.values() for name in names):
                node.properties["status"] = b"disabled\0"
            self._tell(claim, source)
            for child in source.children:
                self._child(claim, child, node)
        if node.has("interrupts"):  # the parent may be a controller itself
            node.properties["interrupt-parent"] = cells(self.gic_phandle)
        node.parent = parent
        parent.children.append(node)

    def _fill(self, node: Node, source: Node, irqs: Sequence[SpiClaim] | None) -> None:
        """Properties: data as it is, references as far as their targets are in the guest's tree."""
        self.copies[id(source)] = node
        dropped: set[str] = set()
        for name, value in source.properties.items():
            if name in REPLACED or name in INTERRUPT_PROPERTIES or name in BRIDGE_PROPERTIES:
                continue
            if not holds_references(self.tree, source, name):
                node.properties[name] = value
                continue
            rewritten = self._rewritten(source, name)
            if rewritten is None:
                dropped.add("pinctrl-0" if name.startswith("pinctrl-") else name)
            else:
                node.properties[name] = rewritten
        for name in [n for n in node.properties if COMPANIONS.get(n) in dropped]:
            del node.properties[name]
        if "pinctrl-0" in dropped:
            for name in [n for n in node.properties if n.startswith("pinctrl-")]:
                del node.properties[name]
        node.properties |= interrupt_properties(
            self.tree, source, irqs, self.gic_phandle, self._phandle, self._miss
        )

    def _rewritten(self, source: Node, name: str) -> bytes | None:
        """The property with the guest's phandles; None where a target is not there."""
        found = references(self.tree, source, name)
        targets = [r.provider for r in found]
        absent = [t for t in targets if t is None or not self._is_there(t)]
        for target in absent:
            self._miss(name, target)
        if absent:
            return None
        values: list[int] = []
        for entry in found:
            assert entry.provider is not None
            phandle = self._phandle(entry.provider)
            assert phandle is not None
            values += [phandle, *entry.arguments]
        return cells(*values)

    def _phandle(self, node: Node) -> int | None:
        """What the guest's tree calls a node; None: it is not there."""
        if not self._is_there(node):
            return None
        if id(node) not in self.phandles:
            self.phandles[id(node)] = self.first_phandle + len(self.phandles)
            if self._is_data(node) and id(node) not in self.copies and node not in self.pending:
                self.pending.append(node)
        return self.phandles[id(node)]

    def _is_there(self, node: Node) -> bool:
        if id(node) in self.claims or id(node) in self.regions or self._is_data(node):
            return True
        return not cpu_reg(node) and self._claimed_above(node) is not None

    def _claimed_above(self, node: Node) -> Node | None:
        """The nearest granted node above, where all between is part of it."""
        below, at = node, node.parent
        while at is not None and id(below) not in self.hidden:
            if id(at) in self.claims:
                return at
            if cpu_reg(at):
                return None
            below, at = at, at.parent
        return None

    def _is_data(self, node: Node, seen: tuple[Node, ...] = ()) -> bool:
        """Needs nothing that could be granted: a fixed frequency or voltage, and what it comes from."""
        if not any(name in DATA_COMPATIBLES for name in node.compatible) or node in seen:
            return False
        if any(node.has(name) for name in (*GPIO_PROPERTIES, "reg", "interrupts")):
            return False
        sources = [
            entry.provider
            for name in node.properties
            if controls(name) and holds_references(self.tree, node, name)
            for entry in references(self.tree, node, name)
        ]
        return all(s is not None and self._is_data(s, (*seen, node)) for s in sources)

    def _region(self, source: Node, part: Range) -> Node:
        node = Node(f"{source.name.split('@')[0]}@{part.base:x}", None, {})
        self._fill(node, source, ())
        node.properties["reg"] = reg(part)
        return node

    def _free_name(self, name: str) -> str:
        taken = {node.name for node in self.made.nodes}
        return name if name not in taken else f"{name}-{len(taken)}"

    def _miss(self, name: str, provider: Node | None) -> None:
        names = self.missing.setdefault(provider.path if provider is not None else "", [])
        if name not in names:
            names.append(name)

    def _tell(self, claim: DeviceClaim, part: Node | None = None) -> None:
        if not self.missing:
            return
        what = "; ".join(
            f"{', '.join(names)} ({_why(provider)})" for provider, names in self.missing.items()
        )
        inside = f", {part.name}" if part is not None else ""
        self.made.notes.append((claim, f"{claim.device.path}{inside}: left out: {what}"))


def _why(provider: str) -> str:
    return f"{provider} is not granted" if provider else "the board's tree has no such provider"


def _is_vital(name: str) -> bool:
    """A child without it can't work; without a pin setting or a supply it may."""
    if name.startswith("pinctrl-") or name.endswith("-supply"):
        return False
    return controls(name) or name == "interrupts"


def _name(claim: DeviceClaim, source: Node) -> str:
    base = source.name.split("@")[0]
    return f"{base}@{claim.device.reg[0].base:x}" if claim.device.reg else source.name
