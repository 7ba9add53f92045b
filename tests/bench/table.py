# SPDX-License-Identifier: Apache-2.0
"""The table of targets: native beside ours, others and what it may cost."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TARGETS = Path(__file__).resolve().with_name("targets.toml")
_NATIVE_SLACK = 0.25  # the guest's clock ticks every 16 instructions
HEAD = ("operation", "native", "Bulkhead", "Xen", "Bao", "target", "")


@dataclass(frozen=True)
class Row:
    title: str
    native: float | None
    ours: float
    xen: float | None
    bao: float | None
    target: float | None

    @property
    def verdict(self) -> str:
        if self.target is None:
            return ""
        return "reached" if self.ours <= self.target else "missed"


def entries() -> list[dict[str, Any]]:
    """The rows of targets.toml."""
    found: list[dict[str, Any]] = tomllib.loads(TARGETS.read_text())["row"]
    return found


def rows(counts: dict[str, float]) -> list[Row]:
    """Those whose counts are there."""
    return [row for row in (_row(entry, counts) for entry in entries()) if row is not None]


def _row(entry: dict[str, Any], counts: dict[str, float]) -> Row | None:
    name: str = entry["count"]
    ours = counts.get(name if "." in name else f"operation.{name}.emulated")
    if ours is None:
        return None
    operation = name.split(".")[1] if "." in name else name
    native = counts.get(f"operation.{operation}.native")
    if entry["title"].startswith("HVC"):
        native = None  # natively QEMU's own firmware answers
    target: float | None = entry.get("target")
    if entry.get("native") and native is not None:
        target = native + _NATIVE_SLACK
    return Row(entry["title"], native, ours, entry.get("xen"), entry.get("bao"), target)


def number(value: float | None) -> str:
    if value is None:
        return "-"
    if value >= 10000:
        return f"{value:,.0f}"
    return f"{value:.2f}".rstrip("0").rstrip(".")


def text(table: list[Row]) -> str:
    cells: list[tuple[str, ...]] = [HEAD]
    for row in table:
        values = (row.native, row.ours, row.xen, row.bao, row.target)
        cells.append((row.title, *(number(value) for value in values), row.verdict))
    widths = [max(len(line[column]) for line in cells) for column in range(len(HEAD))]
    lines = []
    for line in cells:
        first, *others = (cell.rjust(width) for cell, width in zip(line, widths))
        lines.append("  ".join([line[0].ljust(widths[0]), *others]).rstrip())
    return "\n".join(lines)
