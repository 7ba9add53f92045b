# SPDX-License-Identifier: Apache-2.0
"""Trees of nodes as flattened device trees, and the values in them (Devicetree Specification 0.4,
2.2.4 and 5)."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Any

import libfdt

from gen.read.board import Range
from gen.read.fdt import Node


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
    writer = libfdt.FdtSw()
    for part in memory_reservations:
        writer.add_reservemap_entry(part.base, part.size)
    writer.finish_reservemap()
    _write(writer, root)
    blob = writer.as_fdt()
    blob.pack()
    return bytes(blob.as_bytearray())


def _write(writer: Any, node: Node) -> None:
    with writer.add_node(node.name):
        for name, value in node.properties.items():
            writer.property(name, value)
        for child in node.children:
            _write(writer, child)
