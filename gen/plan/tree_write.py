# SPDX-License-Identifier: Apache-2.0
"""Trees of nodes as flattened device trees, and the values in them (Devicetree Specification 0.4,
2.2.4 and 5)."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Any

import libfdt

from gen.ranges import Range
from gen.read.fdt import Node


HEADER_ROOM = 128  # header, end of the reservations, last token


def cells(*values: int) -> bytes:
    return struct.pack(f">{len(values)}I", *values)


def number64(value: int) -> bytes:
    return struct.pack(">Q", value)


def strings(*values: str) -> bytes:
    return b"".join(value.encode() + b"\0" for value in values)


def reg(*parts: Range) -> bytes:
    """Under a bus with two address and two size cells."""
    return b"".join(struct.pack(">QQ", part.base, part.size) for part in parts)


def flatten(root: Node, memory_reservations: Sequence[Range] = ()) -> bytes:
    """The blob: same tree, same bytes."""
    # Room for all from the start: as_fdt() finds none for the last token where just that is missing.
    writer = libfdt.FdtSw(HEADER_ROOM + 16 * len(memory_reservations) + _room(root))
    for part in memory_reservations:
        writer.add_reservemap_entry(part.base, part.size)
    writer.finish_reservemap()
    _write(writer, root)
    blob = writer.as_fdt()
    blob.pack()
    return bytes(blob.as_bytearray())


def _room(node: Node) -> int:
    """At least what the node takes: tokens, lengths, padding, names (5.4, 5.5)."""
    own = 16 + len(node.name.encode())
    own += sum(20 + len(name.encode()) + len(value) for name, value in node.properties.items())
    return own + sum(_room(child) for child in node.children)


def _write(writer: Any, node: Node) -> None:
    with writer.add_node(node.name):
        for name, value in node.properties.items():
            writer.property(name, value)
        for child in node.children:
            _write(writer, child)
