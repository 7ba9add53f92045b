#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""How long the hypervisor keeps a CPU: the longest stays between a guest's exit and its next
instruction, by cause, over the guests of the tests.

    tests/bench/worst.py                       all of them, against exits.json: none may be longer
    tests/bench/worst.py vgic hostile          some of them
    tests/bench/worst.py --update              writes gen/emit/report/exits.json and docs/assurance.md's table
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import stays  # noqa: E402
import subject  # noqa: E402
from stays import Longest  # noqa: E402

COMMITTED = subject.ROOT / "gen/emit/report/exits.json"  # the report quotes it
PAGE = subject.ROOT / "docs/assurance.md"
BOARD = "board qemu-virt-aarch64, GICv3"
TOLERANCE = 0.1  # which exits and interrupts coincide changes with every instruction
STEPS = 5  # functions of a path that the page tells
# tests/guests/uart waits for somebody who types, at no exact moment; bench measures itself.
GUESTS = (
    "channel",
    "crash",
    "direct",
    "direct-smp",
    "faults",
    "hostile",
    "hostile-direct",
    "ivc",
    "monitor",
    "psci",
    "smp",
    "timer",
    "vgic",
    "vgic-smp",
    "watchdog",
)
_BLOCK = re.compile(r"(<!-- figures: exits -->\n).*?(<!-- end -->)", re.DOTALL)


def measure(names: list[str]) -> dict[str, Longest]:
    """The longest of each class over these guests; `stays` are those of all."""
    found: dict[str, Longest] = {}
    for name in names:
        for kind, one in stays.measure(name).items():
            found[kind] = one if kind not in found else found[kind].joined(one)
            print(f"{name:16} {kind:34} {one.count:9} {one.stays:9} stays", flush=True)
    return dict(sorted(found.items()))


def read() -> dict[str, Longest]:
    rows = json.loads(COMMITTED.read_text())["exits"]
    return {row["class"]: Longest.of_object(row) for row in rows}


def write(found: dict[str, Longest]) -> None:
    rows = [json.dumps({"class": kind, **one.as_object()}) for kind, one in found.items()]
    head = f'"board": {json.dumps(BOARD)},\n"guests": {json.dumps(GUESTS)},\n'
    COMMITTED.write_text(f'{{\n{head}"exits": [\n' + ",\n".join(rows) + "\n]\n}\n")
    PAGE.write_text(with_figures(PAGE.read_text(), found))


def longer(before: dict[str, Longest], now: dict[str, Longest]) -> list[str]:
    """Classes that are new, or whose longest stay grew by more than a tenth."""
    return [
        f"{kind}: {one.count} instructions in {one.guest}"
        + (f", {before[kind].count} before" if kind in before else ", never seen before")
        for kind, one in now.items()
        if kind not in before or one.count > before[kind].count * (1 + TOLERANCE)
    ]


def _row(kind: str, one: Longest) -> str:
    most = sorted(one.path.items(), key=lambda step: -step[1])[:STEPS]
    path = ", ".join(f"`{name}` {count}" for name, count in most)
    more = len(one.path) - len(most)
    rest = f" and {more} more" if more > 0 else ""
    return f"| {kind} | {one.count} | {one.guest} | {path}{rest} | {one.stays} |"


def with_figures(text: str, found: dict[str, Longest]) -> str:
    """`text` with the table between its marks replaced."""
    head = "| why the guest was left | instructions | guest | most of them in | exits |"
    table = "\n".join([head, "|---|---:|---|---|---:|", *(_row(*item) for item in found.items())])
    text, count = _BLOCK.subn(lambda mark: f"{mark[1]}\n{table}\n\n{mark[2]}", text)
    assert count == 1, f"{PAGE}: {count} tables of exits"
    return text


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("guests", nargs="*", metavar="GUEST", help="of tests/guests")
    parser.add_argument("--update", action="store_true", help="what is measured is the new bound")
    options = parser.parse_args()
    unknown = [name for name in options.guests if name not in GUESTS]
    if unknown or (options.update and options.guests):
        parser.error(f"no guest {unknown[0]}" if unknown else "--update measures all of them")
    found = measure(options.guests or list(GUESTS))
    if options.update:
        write(found)
        return 0
    grown = longer(read(), found)
    print("\n".join(grown or [f"no exit is longer than {COMMITTED.name} says"]))
    return 1 if grown else 0


if __name__ == "__main__":
    sys.exit(main())
