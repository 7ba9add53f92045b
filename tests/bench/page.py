# SPDX-License-Identifier: Apache-2.0
"""docs/performance.md: its figures come from baseline.json, between marks."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import scenarios
import table
from subject import ROOT

PAGE = ROOT / "docs/performance.md"
Counts = dict[str, float]


def _grid(head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """A Markdown table; all columns but the first are numbers."""
    rule = ["---", *("---:" for _ in head[1:])]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in [head, rule, *lines])


def _targets(counts: Counts) -> str:
    rows = table.rows(counts)
    lines = [
        (row.title, *map(table.number, (row.native, row.ours, row.xen, row.bao, row.target)))
        for row in rows
    ]
    verdicts = [row.verdict for row in rows]
    return _grid(table.HEAD, [(*line, verdict) for line, verdict in zip(lines, verdicts)])


def _growth(
    counts: Counts, first: str, prefix: str, steps: Sequence[object], parts: Sequence[str]
) -> str:
    lines = [
        (str(step), *(table.number(counts[f"{prefix}.{step}.{part}"]) for part in parts))
        for step in steps
    ]
    return _grid((first, *parts), lines)


def _vms(counts: Counts) -> str:
    parts = ("boot", *scenarios.GROWTH, "code", "tables", "ram")
    return _growth(counts, "VMs", "vms", scenarios.VM_COUNTS, parts)


def _rows(counts: Counts) -> str:
    return _growth(counts, "rows", "rows", scenarios.ROW_COUNTS, ("first", "last", "id-register"))


def _ram(counts: Counts) -> str:
    return _growth(counts, "RAM", "ram", scenarios.RAM_SIZES, ("kept", "scrubbed"))


def _real_time(counts: Counts) -> str:
    names = sorted({n.rsplit(".", 1)[0] for n in counts if n.startswith("real-time.")})
    lines = [
        (
            name.removeprefix("real-time."),
            *(table.number(counts[f"{name}.{part}"]) for part in ("best", "worst")),
        )
        for name in names
    ]
    return _grid(("hypervisor's path", "best", "worst"), lines)


def _burst(counts: Counts) -> str:
    parts = ("solo", "first", "first-max", "first-to-solo", "disorder")
    rows = ("emulated", "emulated-lines", "passthrough", "passthrough-lines")
    return _growth(counts, "interrupts", "burst", rows, parts)


def _neighbour(counts: Counts) -> str:
    return _growth(counts, "operation", "neighbour", scenarios.PATHS, ("longest", "storm-adds"))


BLOCKS: dict[str, Callable[[Counts], str]] = {
    "targets": _targets,
    "vms": _vms,
    "rows": _rows,
    "ram": _ram,
    "real-time": _real_time,
    "burst": _burst,
    "neighbour": _neighbour,
}


def with_figures(text: str, counts: Counts) -> str:
    """`text` with what stands between its marks replaced."""
    for name, block in BLOCKS.items():
        mark = re.compile(rf"(<!-- figures: {name} -->\n).*?(<!-- end -->)", re.DOTALL)
        filled = block(counts)
        text, count = mark.subn(lambda m: f"{m[1]}\n{filled}\n\n{m[2]}", text)
        assert count == 1, f"{PAGE}: {count} blocks of figures called {name}"
    return text


def update(counts: Counts) -> None:
    PAGE.write_text(with_figures(PAGE.read_text(), counts))
