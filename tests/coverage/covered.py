# SPDX-License-Identifier: Apache-2.0
"""Coverage of files, rooms, and the table of both."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Covered:
    """Of one file, or of many together."""

    lines: int = 0
    lines_run: int = 0
    branches: int = 0
    branches_run: int = 0
    missing: tuple[int, ...] = field(default=())  # lines that never ran, of one file

    def __add__(self, other: Covered) -> Covered:
        return Covered(
            self.lines + other.lines,
            self.lines_run + other.lines_run,
            self.branches + other.branches,
            self.branches_run + other.branches_run,
        )

    @property
    def line_share(self) -> float:
        return 100 * self.lines_run / self.lines if self.lines else 100.0

    @property
    def branch_share(self) -> float:
        return 100 * self.branches_run / self.branches if self.branches else 100.0


def total(files: Iterable[Covered]) -> Covered:
    whole = Covered()
    for one in files:
        whole += one
    return whole


def room(files: Mapping[str, Covered], name: str) -> Covered:
    return total(one for path, one in files.items() if path.startswith(f"{name}/"))


def text(files: Mapping[str, Covered], rooms: Sequence[str], floor: float) -> str:
    """Rooms, and below each its files; "<" marks files with fewer lines run than `floor` percent."""
    lines = [f"{'':42} {'lines':>18}   {'branches':>18}"]
    for name in rooms:
        lines.append(_row(name, room(files, name)))
        for path, one in sorted(files.items()):
            if path.startswith(f"{name}/"):
                mark = " <" if one.line_share < floor else ""
                lines.append(_row(f"  {path}", one) + mark)
    return "\n".join(lines) + "\n"


def missing(files: Mapping[str, Covered]) -> str:
    """Lines that never ran, one file a line."""
    return "".join(
        f"{path}: {', '.join(_runs(one.missing))}\n"
        for path, one in sorted(files.items())
        if one.missing
    )


def _runs(numbers: Sequence[int]) -> list[str]:
    """Neighbours joined: "3-5"."""
    found: list[list[int]] = []
    for number in sorted(numbers):
        if found and found[-1][1] == number - 1:
            found[-1][1] = number
        else:
            found.append([number, number])
    return [str(first) if first == last else f"{first}-{last}" for first, last in found]


def _row(label: str, one: Covered) -> str:
    branches = f"{one.branches_run}/{one.branches}" if one.branches else "-"
    share = f"{one.branch_share:5.1f} %" if one.branches else ""
    return (
        f"{label:42} {f'{one.lines_run}/{one.lines}':>10} {one.line_share:5.1f} %   "
        f"{branches:>10} {share:>7}"
    ).rstrip()
