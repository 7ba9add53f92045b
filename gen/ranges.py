# SPDX-License-Identifier: Apache-2.0
"""Address ranges: their arithmetic, and how addresses and sizes are told to people. All rooms of the
generator count with these; the audit has its own (gen/audit/ranges.py)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

PAGE = 4096
KIB = 1 << 10
MIB = 1 << 20
GIB = 1 << 30


@dataclass(frozen=True)
class Range:
    base: int
    size: int

    @property
    def end(self) -> int:
        return self.base + self.size


def align_down(value: int, alignment: int) -> int:
    return value - value % alignment


def align_up(value: int, alignment: int) -> int:
    return align_down(value + alignment - 1, alignment)


def pages(part: Range) -> Range:
    """All 4 KiB pages that hold a byte of it."""
    base = align_down(part.base, PAGE)
    return Range(base, align_up(part.end, PAGE) - base)


def overlaps(a: Range, b: Range) -> bool:
    return a.base < b.end and b.base < a.end


def contains(outer: Range, inner: Range) -> bool:
    return outer.base <= inner.base and inner.end <= outer.end


def union(ranges: Iterable[Range]) -> tuple[Range, ...]:
    """Sorted, neighbours and overlaps merged, empty ones dropped."""
    merged: list[Range] = []
    for part in sorted((r for r in ranges if r.size > 0), key=lambda r: (r.base, r.size)):
        if merged and part.base <= merged[-1].end:
            last = merged.pop()
            merged.append(Range(last.base, max(last.end, part.end) - last.base))
        else:
            merged.append(part)
    return tuple(merged)


def subtract(space: Iterable[Range], taken: Iterable[Range]) -> tuple[Range, ...]:
    """What of `space` no range of `taken` covers."""
    holes = union(taken)
    left: list[Range] = []
    for part in union(space):
        base = part.base
        for hole in holes:
            if hole.end <= base or hole.base >= part.end:
                continue
            if hole.base > base:
                left.append(Range(base, hole.base - base))
            base = hole.end
        if base < part.end:
            left.append(Range(base, part.end - base))
    return tuple(left)


def first_hole(taken: Iterable[Range], size: int, base: int, alignment: int) -> int:
    """The lowest aligned address from `base` up where `size` bytes meet nothing taken."""
    at = align_up(base, alignment)
    for part in union(taken):
        if part.end > at and part.base < at + size:
            at = align_up(part.end, alignment)
    return at


def address_text(value: int) -> str:
    return f"{value:#_x}"


def range_text(part: Range) -> str:
    """As people read it: first and last byte."""
    return f"{address_text(part.base)}-{address_text(max(part.end - 1, part.base))}"


def size_text(size: int) -> str:
    """The way a deployment file writes it, where that is exact."""
    for unit, letter in ((GIB, "G"), (MIB, "M"), (KIB, "K")):
        if size and size % unit == 0:
            return f"{size // unit}{letter}"
    return f"{size} bytes"
