# SPDX-License-Identifier: Apache-2.0
"""Nodes of passed-through devices for a guest's tree: copied from the board's tree, less what they
refer to and the guest doesn't have."""

from __future__ import annotations

import struct
from collections.abc import Sequence

from gen.plan.draft import DeviceClaim, VmDevices
from gen.plan.tree_write import cells
from gen.read.fdt import Node, Tree

# Properties that hold phandles of other nodes, or that only mean something beside those nodes.
REFERENCES = frozenset(
    "assigned-clock-parents assigned-clock-rates assigned-clocks clock-names clock-ranges clocks "
    "dma-channels dma-names dmas extcon gpio-ranges gpios hwlocks i2c-parent interconnect-names "
    "interconnects interrupt-map interrupt-map-mask interrupt-names interrupt-parent interrupts "
    "interrupts-extended iommu-map iommu-map-mask iommus linux,phandle mbox-names mboxes "
    "memory-region mmc-pwrseq msi-map msi-map-mask msi-parent nvmem nvmem-cell-names nvmem-cells "
    "operating-points-v2 phandle phy phy-handle phy-names phys power-domain-names power-domains "
    "pwms ranges reg remote-endpoint reset-gpios reset-names resets sound-dai status syscon "
    "thermal-sensors".split()
)
REFERENCE_ENDINGS = ("-gpio", "-gpios", "-supply", "-phandle")
REFERENCE_STARTS = ("pinctrl-",)
LEVEL, EDGE = 4, 1


def device_nodes(devices: VmDevices, board_tree: Tree, first_phandle: int) -> list[Node]:
    """Under the root: the fixed clocks that the devices use, then the devices."""
    sources = [(claim, board_tree.find(claim.device.path)) for claim in devices.claims]
    known = [(claim, node) for claim, node in sources if node is not None]
    phandles: dict[int, int] = {}
    clocks = []
    for _, node in known:
        for provider in _fixed_clocks(node, board_tree) or ():
            old = provider.cell("phandle", 0)
            if old not in phandles:
                phandles[old] = first_phandle + len(phandles)
                clocks.append(_clock_copy(provider, phandles[old]))
    return clocks + [_device_copy(claim, node, board_tree, phandles) for claim, node in known]


def dropped_clocks(claim: DeviceClaim, board_tree: Tree) -> bool:
    """Whether the device has clocks that its copy can't refer to."""
    node = board_tree.find(claim.device.path)
    return node is not None and node.has("clocks") and _fixed_clocks(node, board_tree) is None


def _fixed_clocks(node: Node, board_tree: Tree) -> list[Node] | None:
    """The providers of `clocks`; None where one of them is more than a fixed frequency."""
    providers = [board_tree.phandles.get(phandle) for phandle in node.cells("clocks")]
    fixed = [p for p in providers if p is not None and "fixed-clock" in p.compatible]
    return fixed if len(fixed) == len(providers) else None


def _clock_copy(provider: Node, phandle: int) -> Node:
    properties = {k: v for k, v in provider.properties.items() if k not in ("phandle", "status")}
    properties["phandle"] = cells(phandle)
    return Node(provider.name, None, properties)


def _device_copy(
    claim: DeviceClaim, source: Node, board_tree: Tree, phandles: dict[int, int]
) -> Node:
    """Directly under the root, so with CPU addresses; enabled, whatever the board's tree says."""
    node = Node(_name(claim, source), None, _plain_properties(source))
    parts = claim.device.reg
    if parts:
        node.properties["reg"] = b"".join(struct.pack(">QQ", p.base, p.size) for p in parts)
    interrupts = [
        cells(0, irq.guest_spi, EDGE if irq.trigger == "edge" else LEVEL) for irq in claim.irqs
    ]
    if interrupts:
        node.properties["interrupts"] = b"".join(interrupts)
        if len(interrupts) == len(claim.device.interrupts) and source.has("interrupt-names"):
            node.properties["interrupt-names"] = source.properties["interrupt-names"]
    if source.has("clocks") and _fixed_clocks(source, board_tree) is not None:
        node.properties["clocks"] = cells(*(phandles[p] for p in source.cells("clocks")))
        if source.has("clock-names"):
            node.properties["clock-names"] = source.properties["clock-names"]
    if not claim.device.is_bus and not source.has("ranges"):
        node.children = [_child_copy(child, node) for child in source.children]
    return node


def _child_copy(source: Node, parent: Node) -> Node:
    """Below a device its own numbering holds: `reg` is kept as it is."""
    node = Node(source.name, parent, _plain_properties(source))
    if source.has("reg"):
        node.properties["reg"] = source.properties["reg"]
    node.children = [_child_copy(child, node) for child in source.children]
    return node


def _name(claim: DeviceClaim, source: Node) -> str:
    base = source.name.split("@")[0]
    return f"{base}@{claim.device.reg[0].base:x}" if claim.device.reg else source.name


def _plain_properties(source: Node) -> dict[str, bytes]:
    return {name: value for name, value in source.properties.items() if not _refers(name)}


def _refers(name: str) -> bool:
    return (
        name in REFERENCES or name.endswith(REFERENCE_ENDINGS) or name.startswith(REFERENCE_STARTS)
    )
