# SPDX-License-Identifier: Apache-2.0
"""Walks page tables as the hardware does, and tells every mapping and every table that it met."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass, field

from gen.audit.arm import CONTIGUOUS_ENTRIES, ENTRIES, SHIFT, Leaf, Malformed, next_table
from gen.audit.ranges import Span, sized

Decode = Callable[[int, int], Leaf]
ReadMemory = Callable[[int, int], bytes]


@dataclass(frozen=True)
class Mapping:
    """Neighbouring translations that say the same."""

    base: int  # input address: GPA, or VA of the hypervisor
    output: int  # HPA
    size: int
    memory: str
    access: str  # of "rwx"

    @property
    def end(self) -> int:
        return self.base + self.size

    @property
    def span(self) -> Span:
        return Span(self.base, self.end)

    @property
    def host(self) -> Span:
        return sized(self.output, self.size)

    def __str__(self) -> str:
        return f"{self.span} -> {self.output:#x} ({self.memory}, {self.access})"


@dataclass
class Tree:
    """One translation: what it maps, sorted by input address, and the tables that it uses."""

    mappings: list[Mapping] = field(default_factory=list)
    tables: list[Span] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    leaves: int = 0


def walk(read: ReadMemory, root: int, level: int, entries: int, decode: Decode) -> Tree:
    """`entries`: of the initial level. `decode` judges blocks and pages."""
    tree = Tree()
    _table(read, root, level, entries, 0, decode, tree)
    return tree


def _table(
    read: ReadMemory, at: int, level: int, count: int, base: int, decode: Decode, tree: Tree
) -> None:
    span = sized(at, 8 * count)
    if any(span.meets(other) for other in tree.tables):
        tree.problems.append(f"the table at {at:#x} is reached twice")
        return
    tree.tables.append(span)
    try:
        entries = struct.unpack(f"<{count}Q", read(at, 8 * count))
    except ValueError as error:
        tree.problems.append(f"the level {level} table for {base:#x} can't be read: {error}")
        return
    for index, entry in enumerate(entries):
        if not entry:
            continue
        where = base + (index << SHIFT[level])
        try:
            below = next_table(entry, level)
            if below is not None:
                _table(read, below, level + 1, ENTRIES, where, decode, tree)
            else:
                leaf = decode(entry, level)
                _check_contiguous(leaf, entries, index, level, decode)
                _add(tree, where, leaf, 1 << SHIFT[level])
        except Malformed as error:
            tree.problems.append(f"level {level} entry for {where:#x}: {error}")


def _check_contiguous(
    leaf: Leaf, entries: tuple[int, ...], index: int, level: int, decode: Decode
) -> None:
    """The contiguous bit is set in all 16 entries or in none, and their output is contiguous and
    aligned (D8.6.1)."""
    first = index - index % CONTIGUOUS_ENTRIES
    if not leaf.contiguous:
        return
    size = 1 << SHIFT[level]
    start = leaf.base - (index - first) * size
    same = all(
        decode(entry, level).contiguous
        and entry - number * size == entries[first]
        and decode(entry, level).base == start + number * size
        for number, entry in enumerate(entries[first : first + CONTIGUOUS_ENTRIES])
    )
    if len(entries) < first + CONTIGUOUS_ENTRIES or not same or start % (16 * size):
        raise Malformed("the contiguous bit is set, and its 16 entries are not")


def _add(tree: Tree, base: int, leaf: Leaf, size: int) -> None:
    tree.leaves += 1
    last = tree.mappings[-1] if tree.mappings else None
    if (
        last is not None
        and last.end == base
        and last.output + last.size == leaf.base
        and (last.memory, last.access) == (leaf.memory, leaf.access)
    ):
        tree.mappings[-1] = Mapping(
            last.base, last.output, last.size + size, last.memory, last.access
        )
    else:
        tree.mappings.append(Mapping(base, leaf.base, size, leaf.memory, leaf.access))
