# SPDX-License-Identifier: Apache-2.0
"""A flattened device tree, read apart from gen/read (Devicetree Specification 0.3, chapters 2, 5)."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from gen.audit.ranges import Span, sized

_MAGIC = 0xD00D_FEED
_BEGIN, _END, _PROPERTY, _NOP, _FINISH = 1, 2, 3, 4, 9


@dataclass(eq=False)
class Node:
    name: str
    parent: Node | None
    properties: dict[str, bytes] = field(default_factory=dict)
    children: list[Node] = field(default_factory=list)

    @property
    def path(self) -> str:
        if self.parent is None:
            return "/"
        return f"{self.parent.path.rstrip('/')}/{self.name}"

    def walk(self) -> Iterator[Node]:
        yield self
        for child in self.children:
            yield from child.walk()

    def above(self) -> Iterator[Node]:
        """The node and all that it is below."""
        node: Node | None = self
        while node is not None:
            yield node
            node = node.parent

    def cells(self, name: str) -> list[int]:
        value = self.properties.get(name, b"")
        return [cell for (cell,) in struct.iter_unpack(">I", value[: len(value) // 4 * 4])]

    def cell(self, name: str, default: int) -> int:
        return next(iter(self.cells(name)), default)

    def texts(self, name: str) -> list[str]:
        value = self.properties.get(name, b"").rstrip(b"\0")
        return value.decode().split("\0") if value else []

    def text(self, name: str) -> str:
        return next(iter(self.texts(name)), "")

    @property
    def enabled(self) -> bool:
        return self.text("status") in ("", "ok", "okay")

    def child(self, name: str) -> Node | None:
        """By its name, or by the part before @ where that is one's alone."""
        exact = [node for node in self.children if node.name == name]
        short = [node for node in self.children if node.name.split("@")[0] == name]
        return exact[0] if exact else short[0] if len(short) == 1 else None


@dataclass
class Tree:
    root: Node
    reservations: list[Span]
    phandles: dict[int, Node]

    def find(self, name: str) -> Node | None:
        """By path or alias."""
        path = name.split(":")[0]
        if not path.startswith("/"):
            head, _, rest = path.partition("/")
            aliases = self.root.child("aliases")
            if aliases is None or head not in aliases.properties:
                return None
            path = f"{aliases.text(head)}/{rest}"
        node: Node | None = self.root
        for part in path.split("/"):
            if part and node is not None:
                node = node.child(part)
        return node


def parse(data: bytes) -> Tree:
    """ValueError where it is none."""
    magic, total, structs, strings, reserved = struct.unpack_from(">5I", data)
    if magic != _MAGIC or total > len(data):
        raise ValueError("not a device tree")
    reservations, at = [], reserved
    while (entry := struct.unpack_from(">QQ", data, at)) != (0, 0):
        reservations.append(sized(*entry))
        at += 16
    root = _nodes(data, structs, strings)
    phandles = {node.cell("phandle", 0): node for node in root.walk() if node.cells("phandle")}
    return Tree(root, reservations, phandles)


def _nodes(data: bytes, at: int, strings: int) -> Node:
    root = Node("", None)
    node: Node | None = None
    while True:
        token = struct.unpack_from(">I", data, at)[0]
        at += 4
        if token == _BEGIN:
            name = data[at : data.index(b"\0", at)]
            at += len(name) // 4 * 4 + 4
            fresh = Node(name.decode(), node) if node is not None else root
            if node is not None:
                node.children.append(fresh)
            node = fresh
        elif token == _PROPERTY and node is not None:
            length, offset = struct.unpack_from(">II", data, at)
            start = strings + offset
            key = data[start : data.index(b"\0", start)].decode()
            node.properties[key] = data[at + 8 : at + 8 + length]
            at += 8 + (length + 3) // 4 * 4
        elif token == _END and node is not None:
            node = node.parent
        elif token == _FINISH:
            return root
        elif token != _NOP:
            raise ValueError("damaged device tree")


def number(cells: list[int]) -> int:
    value = 0
    for cell in cells:
        value = value << 32 | cell
    return value


def registers(node: Node) -> list[Span]:
    """`reg` in CPU addresses; what no bus translates is left out."""
    if node.parent is None:
        return []
    address, length = node.parent.cell("#address-cells", 2), node.parent.cell("#size-cells", 1)
    cells, step = node.cells("reg"), address + length
    if not length:
        return []
    found = []
    for at in range(0, len(cells) - step + 1, step):
        base = number(cells[at : at + address])
        span = sized(base, number(cells[at + address : at + step]))
        found.append(_translated(node.parent, span))
    return [span for span in found if span is not None]


def _translated(bus: Node, span: Span) -> Span | None:
    """Addresses of a bus as the CPU sees them (2.3.8)."""
    for node in bus.above():
        if node.parent is None:
            return span
        if "ranges" not in node.properties:
            return None
        rows = _ranges(node)
        if rows or node.properties["ranges"]:
            fit = [row for row in rows if sized(row[0], row[2]).holds(span)]
            if not fit:
                return None
            span = sized(span.base - fit[0][0] + fit[0][1], span.size)
    return span


def _ranges(node: Node) -> list[tuple[int, int, int]]:
    """(child address, parent address, size); without the first cell of PCI's, its space code."""
    assert node.parent is not None
    child, above = node.cell("#address-cells", 2), node.parent.cell("#address-cells", 2)
    length = node.cell("#size-cells", 1)
    cells, step = node.cells("ranges"), child + above + length
    return [
        (
            number(cells[at : at + child]),
            number(cells[at + child : at + child + above]),
            number(cells[at + child + above : at + step]),
        )
        for at in range(0, len(cells) - step + 1, step)
    ]


def pci_windows(node: Node) -> list[Span]:
    """CPU addresses behind which a PCI host bridge shows its bus."""
    if node.text("device_type") != "pci" or node.parent is None:
        return []
    found = [_translated(node.parent, sized(cpu, length)) for _, cpu, length in _ranges(node)]
    return [span for span in found if span is not None]
