# SPDX-License-Identifier: Apache-2.0
"""A device tree as a neutral, read-only tree of nodes (Devicetree Specification 0.4).

Properties are read by iterating them: asking pylibfdt 1.6.1 for a property that is missing drops a
reference to None, and about a thousand of those end the interpreter.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import libfdt
from gen.ranges import Range


class FdtError(Exception):
    """What is wrong with a device tree, in words."""


@dataclass(eq=False)
class Node:
    """One node. `name` includes the unit address; the root's name is empty."""

    name: str
    parent: Node | None = field(default=None, repr=False)
    properties: dict[str, bytes] = field(default_factory=dict, repr=False)
    children: list[Node] = field(default_factory=list, repr=False)

    @property
    def path(self) -> str:
        names: list[str] = []
        node = self
        while node.parent is not None:
            names.append(node.name)
            node = node.parent
        return "/" + "/".join(reversed(names))

    def has(self, name: str) -> bool:
        return name in self.properties

    def texts(self, name: str) -> tuple[str, ...]:
        """A string list property; empty when absent."""
        raw = self.properties.get(name, b"").rstrip(b"\0")
        return tuple(part.decode("utf-8", "replace") for part in raw.split(b"\0")) if raw else ()

    def text(self, name: str, default: str = "") -> str:
        return next(iter(self.texts(name)), default)

    def cells(self, name: str) -> tuple[int, ...]:
        """A property as 32-bit numbers; empty when absent, an incomplete last cell is an error."""
        raw = self.properties.get(name, b"")
        if len(raw) % 4:
            raise FdtError(f"{self.path}: property {name} is {len(raw)} bytes, not whole cells")
        return struct.unpack(f">{len(raw) // 4}I", raw)

    def cell(self, name: str, default: int) -> int:
        cells = self.cells(name)
        return cells[0] if cells else default

    @property
    def compatible(self) -> tuple[str, ...]:
        return self.texts("compatible")

    @property
    def enabled(self) -> bool:
        return self.text("status", "okay") in ("okay", "ok")

    def child(self, name: str) -> Node | None:
        """By full name, or by the name without its unit address where that is unambiguous."""
        exact = [c for c in self.children if c.name == name]
        bare = [c for c in self.children if c.name.split("@")[0] == name]
        if exact:
            return exact[0]
        return bare[0] if len(bare) == 1 else None

    def walk(self) -> Iterator[Node]:
        """This node and all below it, in the tree's order."""
        pending = [self]
        while pending:
            node = pending.pop()
            yield node
            pending.extend(reversed(node.children))


@dataclass(frozen=True)
class Tree:
    root: Node
    memory_reservations: tuple[Range, ...]
    phandles: dict[int, Node]

    @property
    def aliases(self) -> dict[str, str]:
        """Alias name -> path, in the tree's order."""
        node = self.root.child("aliases")
        if node is None:
            return {}
        return {name: node.text(name) for name in node.properties if name != "phandle"}

    def find(self, path_or_alias: str) -> Node | None:
        """The node at a path ("/soc/serial@1000") or alias ("serial0", "serial0:115200n8")."""
        path = path_or_alias.split(":")[0]
        if not path.startswith("/"):
            head, _, rest = path.partition("/")
            if head not in self.aliases:
                return None
            path = f"{self.aliases[head]}/{rest}"
        node: Node | None = self.root
        for part in path.split("/"):
            if part and node is not None:
                node = node.child(part)
        return node

    def walk(self) -> Iterator[Node]:
        return self.root.walk()


def parse(blob: bytes) -> Tree:
    """The tree of a flattened device tree. FdtError if it is not a sound one."""
    if len(blob) < 40:
        raise FdtError("not a device tree: shorter than its header")
    status = libfdt.fdt_check_full(bytearray(blob), len(blob))
    if status != 0:
        raise FdtError(f"not a sound device tree: {libfdt.fdt_strerror(status)}")
    fdt = libfdt.FdtRo(blob)
    try:
        root = _parse_nodes(fdt)
    except (SystemError, UnicodeError) as error:  # pylibfdt and _name(), of names that are not text
        raise FdtError("not a sound device tree: a name is not text") from error
    phandles = {
        node.cell("phandle", 0): node for node in root.walk() if len(node.cells("phandle")) == 1
    }
    # Read here, not by get_mem_rsv: it gives a number instead of a pair for some entries.
    start, count = fdt.off_mem_rsvmap(), max(fdt.num_mem_rsv(), 0)
    reservations = tuple(
        Range(*struct.unpack_from(">QQ", blob, start + 16 * index)) for index in range(count)
    )
    return Tree(root, reservations, phandles)


def parse_file(path: Path) -> Tree:
    try:
        return parse(path.read_bytes())
    except OSError as error:
        raise FdtError(f"{path}: {error.strerror}") from error
    except FdtError as error:
        raise FdtError(f"{path}: {error}") from error


def _parse_nodes(fdt: Any) -> Node:
    root = Node("", None, _parse_properties(fdt, 0))
    stack = [root]
    offset, depth = fdt.next_node(0, 0, (libfdt.NOTFOUND,))
    while offset >= 0 and depth > 0:
        parent = stack[depth - 1]
        node = Node(_name(fdt.get_name(offset)), parent, _parse_properties(fdt, offset))
        parent.children.append(node)
        del stack[depth:]
        stack.append(node)
        offset, depth = fdt.next_node(offset, depth, (libfdt.NOTFOUND,))
    return root


def _name(name: str) -> str:
    """Itself. UnicodeError where pylibfdt put surrogates for bytes that are no text."""
    name.encode()
    return name


def _parse_properties(fdt: Any, node: int) -> dict[str, bytes]:
    properties: dict[str, bytes] = {}
    offset = fdt.first_property_offset(node, (libfdt.NOTFOUND,))
    while offset >= 0:
        value = fdt.get_property_by_offset(offset)
        properties[_name(value.name)] = bytes(value)
        offset = fdt.next_property_offset(offset, (libfdt.NOTFOUND,))
    return properties


def take(cells: tuple[int, ...], at: int, count: int) -> int:
    """The number in `count` cells from index `at`, most significant first."""
    value = 0
    for cell in cells[at : at + count]:
        value = value << 32 | cell
    return value


def entries(cells: tuple[int, ...], *widths: int) -> list[tuple[int, ...]]:
    """Cells cut into records of fields with these widths; an incomplete last record is dropped."""
    step = sum(widths)
    records = []
    for start in range(0, len(cells) - step + 1, step) if step else ():
        at, record = start, []
        for width in widths:
            record.append(take(cells, at, width))
            at += width
        records.append(tuple(record))
    return records


def bus_reg(node: Node) -> tuple[Range, ...]:
    """`reg` as written: addresses of the parent bus. Empty where the bus has no sizes."""
    if node.parent is None:
        return ()
    address = node.parent.cell("#address-cells", 2)
    size = node.parent.cell("#size-cells", 1)
    if size == 0:
        return ()
    return tuple(Range(base, length) for base, length in entries(node.cells("reg"), address, size))


def cpu_reg(node: Node) -> tuple[Range, ...]:
    """`reg` in CPU addresses: translated through the `ranges` of every bus above. Empty if a bus
    does not map it (no `ranges`: its addresses are not memory)."""
    translated = [to_cpu(node.parent, part) for part in bus_reg(node)]
    return tuple(part for part in translated if part is not None)


def to_cpu(bus: Node | None, part: Range) -> Range | None:
    """A range of addresses of `bus` in CPU addresses; None where a bus does not map it."""
    while bus is not None and bus.parent is not None:
        if not bus.has("ranges"):
            return None
        windows = entries(
            bus.cells("ranges"),
            bus.cell("#address-cells", 2),
            bus.parent.cell("#address-cells", 2),
            bus.cell("#size-cells", 1),
        )
        if bus.properties["ranges"]:
            inside = [w for w in windows if w[0] <= part.base and part.end <= w[0] + w[2]]
            if not inside:
                return None
            part = Range(part.base - inside[0][0] + inside[0][1], part.size)
        bus = bus.parent
    return part
