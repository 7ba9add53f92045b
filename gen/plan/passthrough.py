# SPDX-License-Identifier: Apache-2.0
"""Passthrough windows of one VM: rounded to pages on both sides, neighbours and overlaps merged
where they say the same."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from gen.diagnostics import NOWHERE, Report, Where
from gen.ranges import PAGE, Range, address_text, align_down, align_up, range_text


@dataclass(frozen=True)
class Window:
    """Whole pages of device memory that one VM reaches."""

    gpa: int
    hpa: int
    size: int
    owner: str  # what it is: a device's path, an explicit range's name
    access: str = "rw"
    where: Where = NOWHERE

    @property
    def guest(self) -> Range:
        return Range(self.gpa, self.size)

    @property
    def host(self) -> Range:
        return Range(self.hpa, self.size)

    @property
    def delta(self) -> int:
        return self.gpa - self.hpa


def page_window(bytes_: Window, limit: int, report: Report) -> Window | None:
    """The window's bytes as whole pages. None, and an error, where there are no such pages."""
    name = f"passthrough {bytes_.owner}"
    for side, part in (("gpa", bytes_.guest), ("hpa", bytes_.host)):
        if part.end > limit:
            report.error(
                "passthrough-overflow",
                bytes_.where,
                f"{name}: {side} = {address_text(part.base)} with size = "
                f"{address_text(part.size)} ends above the board's last address "
                f"{address_text(limit - 1)}",
                f"choose {side} and size so that the range ends at or below {address_text(limit)}",
            )
            return None
    if bytes_.gpa % PAGE != bytes_.hpa % PAGE:
        report.error(
            "passthrough-page-offset",
            bytes_.where,
            f"{name}: gpa = {address_text(bytes_.gpa)} and hpa = {address_text(bytes_.hpa)} have "
            f"different offsets in their 4 KiB pages "
            f"({address_text(bytes_.gpa % PAGE)} and {address_text(bytes_.hpa % PAGE)})",
            f"use gpa = {address_text(align_down(bytes_.gpa, PAGE) + bytes_.hpa % PAGE)}",
        )
        return None
    gpa, hpa = align_down(bytes_.gpa, PAGE), align_down(bytes_.hpa, PAGE)
    return replace(bytes_, gpa=gpa, hpa=hpa, size=align_up(bytes_.guest.end, PAGE) - gpa)


def merge(windows: Iterable[Window], report: Report) -> tuple[Window, ...]:
    """Sorted by GPA and disjoint. Neighbours and overlaps become one window where the distance
    between GPA and HPA and the access agree; overlaps that disagree are errors."""
    merged: list[Window] = []
    for window in sorted(windows, key=lambda w: (w.gpa, w.size, w.hpa, w.owner)):
        last = merged[-1] if merged else None
        if last is None or window.gpa > last.guest.end:
            merged.append(window)
        elif window.delta == last.delta and window.access == last.access:
            merged[-1] = _joined(last, window)
        elif window.gpa == last.guest.end:
            merged.append(window)
        else:
            report.error(
                "passthrough-conflict",
                window.where,
                f"{window.owner} maps guest pages {range_text(window.guest)} to "
                f"{address_text(window.hpa)}, but {last.owner} maps {range_text(last.guest)} to "
                f"{address_text(last.hpa)}: the same guest page can't be both",
                f"move {window.owner} to gpa = {address_text(last.guest.end)} or above",
                last.where,
            )
    return tuple(merged)


def _joined(a: Window, b: Window) -> Window:
    owners = a.owner.split(" + ")
    owner = a.owner if b.owner in owners else f"{a.owner} + {b.owner}"
    return replace(a, size=max(a.guest.end, b.guest.end) - a.gpa, owner=owner)
