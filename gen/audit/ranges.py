# SPDX-License-Identifier: Apache-2.0
"""Address ranges [base, end), as the audit counts with them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

PAGE = 4096
BLOCK = 512 * PAGE


class Span(NamedTuple):
    base: int
    end: int

    @property
    def size(self) -> int:
        return self.end - self.base

    def meets(self, other: Span) -> bool:
        return self.base < other.end and other.base < self.end

    def holds(self, other: Span) -> bool:
        return self.base <= other.base and other.end <= self.end

    def pages(self) -> Span:
        """All pages that hold a byte of it."""
        return Span(self.base // PAGE * PAGE, -(-self.end // PAGE) * PAGE)

    def __str__(self) -> str:
        return f"{self.base:#x}-{max(self.end - 1, self.base):#x}"


def sized(base: int, size: int) -> Span:
    return Span(base, base + size)


def union(spans: Iterable[Span]) -> list[Span]:
    """Sorted, neighbours and overlaps joined, empty ones dropped."""
    joined: list[Span] = []
    for span in sorted(span for span in spans if span.size > 0):
        if joined and span.base <= joined[-1].end:
            joined[-1] = Span(joined[-1].base, max(joined[-1].end, span.end))
        else:
            joined.append(span)
    return joined


def without(spans: Iterable[Span], holes: Iterable[Span]) -> list[Span]:
    """What of `spans` lies in no hole."""
    left: list[Span] = []
    cut = union(holes)
    for span in union(spans):
        base = span.base
        for hole in cut:
            if hole.end > base and hole.base < span.end:
                if hole.base > base:
                    left.append(Span(base, hole.base))
                base = hole.end
        if base < span.end:
            left.append(Span(base, span.end))
    return left


def covered(span: Span, by: Iterable[Span]) -> bool:
    return not without([span], by)


def align_up(value: int, alignment: int) -> int:
    return -(-value // alignment) * alignment
