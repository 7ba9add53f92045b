#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""`make coverage`: which lines and branches of vdev/, loader/ and gen/ the tests on the host run. Ends
with status 1 where vdev/ or gen/ is below FLOOR. Tables and pages are left in build/coverage/."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
OUT = HERE.parents[1] / "build/coverage"
FLOOR = 95.0  # percent of lines
HELD_TO = ("vdev", "gen")

sys.path.insert(0, str(HERE))

import covered  # noqa: E402


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("part", nargs="*", help="c, python (default: both)")
    parser.add_argument("--workers", type=int, default=2, help="tests at once")
    arguments = parser.parse_args()
    parts = arguments.part or ["c", "python"]
    files: dict[str, covered.Covered] = {}
    rooms: list[str] = []
    if "c" in parts:
        import c_part

        files |= c_part.measure(OUT / "c")
        rooms += c_part.ROOMS
    if "python" in parts:
        import python_part

        files |= python_part.measure(OUT / "python", arguments.workers)
        rooms += python_part.ROOMS
    told = covered.text(files, rooms, FLOOR)
    (OUT / "table.txt").write_text(told)
    (OUT / "missing.txt").write_text(covered.missing(files))
    print(told)
    low = [name for name in rooms if name in HELD_TO and _share(files, name) < FLOOR]
    for name in low:
        print(f"{name}/: {_share(files, name):.1f} % of lines, {FLOOR:.0f} % are asked for")
    return 1 if low else 0


def _share(files: dict[str, covered.Covered], name: str) -> float:
    return covered.room(files, name).line_share


if __name__ == "__main__":
    sys.exit(main())
