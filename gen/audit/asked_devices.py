# SPDX-License-Identifier: Apache-2.0
"""Devices of the board that a VM asks for: their registers, or single ones of them (docs/devices.md)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gen.audit.asked_board import Board
from gen.audit.asked_file import Table, size
from gen.audit.asked_tree import Node, registers
from gen.audit.ranges import Span, sized, without

ANY_WIDTH = 0xF  # 1 | 2 | 4 | 8


@dataclass(frozen=True)
class AskedDevice:
    node: Node
    access: str
    irq: list[Table] | None
    registers: list[Table] | None

    def regions(self, board: Board) -> list[Span]:
        """Reserved memory at fixed addresses that the device works in."""
        cells = self.node.cells("memory-region")
        nodes = [board.tree.phandles[cell] for cell in cells if cell in board.tree.phandles]
        found = [registers(node)[:1] for node in nodes if node.enabled]
        return [span for spans in found for span in spans if span.size]


@dataclass(frozen=True)
class AskedTrap:
    """A run of registers that are alike. What is not granted reads zero."""

    span: Span
    widths: int  # sum of the widths of accesses
    read: int
    write: int
    rest: str

    @property
    def reads_back(self) -> bool:
        """Whether a write reads the other bits first."""
        return bool(self.rest == "keep" and self.write and self.write != self.whole)

    @property
    def whole(self) -> int:
        return (1 << 8 * (1 << self.widths.bit_length() - 1)) - 1


def device_nodes(vm: Table, board: Board) -> list[AskedDevice]:
    """Each once, in the order of the generator's rows: short forms, then long ones."""
    entries: list[Table] = [{"path": path} for path in vm.get("devices", [])]
    entries += vm.get("device", [])
    found: list[AskedDevice] = []
    for entry in entries:
        node = board.tree.find(entry["path"])
        if node is None:
            raise ValueError(f"the board has no device {entry['path']}")
        if all(node is not device.node for device in found):
            access = entry.get("access", "direct")
            device = AskedDevice(node, access, entry.get("irq"), entry.get("registers"))
            found.append(device)
    return found


def owned_registers(node: Node) -> list[Span]:
    """A device's, less those of devices below it."""
    below = [span for child in node.children for each in child.walk() for span in registers(each)]
    return without(registers(node), below)


def asked_traps(device: AskedDevice) -> list[AskedTrap]:
    """By address; gaps between what is granted are rows, too."""
    if device.access != "trap":
        return []
    below = [s for child in device.node.children for n in child.walk() for s in registers(n)]
    found: list[AskedTrap] = []
    for number, region in enumerate(registers(device.node)):
        own = without([region], below)
        if device.registers is None:
            mine = [AskedTrap(part, 4, 0xFFFF_FFFF, 0xFFFF_FFFF, "keep") for part in own]
        else:
            told = [entry for entry in device.registers if entry.get("region", 0) == number]
            mine = [_trap(entry, region) for entry in told]
        gaps = without(own, [trap.span for trap in mine])
        found += mine + [AskedTrap(gap, ANY_WIDTH, 0, 0, "keep") for gap in gaps]
    return sorted(found, key=lambda trap: trap.span)


def _trap(entry: dict[str, Any], region: Span) -> AskedTrap:
    widths = entry.get("widths", [4])
    widest = max(widths)
    mask = entry.get("mask", (1 << 8 * widest) - 1)
    access = entry.get("access", "rw")
    span = sized(region.base + entry["offset"], size(entry.get("size", widest)))
    return AskedTrap(
        span,
        sum(widths),
        mask if "r" in access else 0,
        mask if "w" in access else 0,
        entry.get("rest", "keep"),
    )
