#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""`make bench`: exact instruction counts of what virtualisation costs.

Writes build/bench.json:
  exact    counts by dotted names: operation.NAME.MODE (instructions of one operation), boot.*, vms.N.*,
           rows.N.*, ram.SIZE.*, image.*, size.N.* (bytes), real-time.*, neighbour.*
  table    the rows of the printed table
  seconds  build times of this machine
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import baseline  # noqa: E402
import build_times  # noqa: E402
import page  # noqa: E402
import scenarios  # noqa: E402
import subject  # noqa: E402
import table  # noqa: E402

RESULT = subject.ROOT / "build/bench.json"
LANES = 2  # at once; counts do not depend on it
TIMES = "build-times"


def measure(names: list[str]) -> dict[str, float]:
    subject.build_guest()
    counts: dict[str, float] = {}

    def one(name: str) -> dict[str, float]:
        begun = time.monotonic()
        found = scenarios.SCENARIOS[name]()
        print(f"{name}: {len(found)} counts ({time.monotonic() - begun:.0f} s)", flush=True)
        return found

    with ThreadPoolExecutor(LANES, thread_name_prefix="lane") as pool:
        for found in pool.map(one, names):
            counts |= found
    return counts


def compare(counts: dict[str, float], all_of_them: bool) -> int:
    before = baseline.read()
    if not all_of_them:
        before = {name: count for name, count in before.items() if name in counts}
    for change in baseline.better(before, counts):
        print(f"better  {change.text()}")
    changes = baseline.worse(before, counts)
    for change in changes:
        print(f"WORSE   {change.text()}")
    if changes:
        print(f"{len(changes)} of {len(before)} counts grew by more than 2 %")
        return 1
    print(f"none of {len(before)} counts grew by more than 2 %")
    return 0


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Exact costs of being virtualised.")
    names = ", ".join([*scenarios.SCENARIOS, TIMES])
    parser.add_argument("--only", action="append", metavar="NAME", help=f"some of {names}")
    parser.add_argument("--check", action="store_true", help="fail where a count grew by over 2 %%")
    parser.add_argument("--update-baseline", action="store_true", help="these counts are expected")
    options = parser.parse_args()
    for name in options.only or ():
        if name not in scenarios.SCENARIOS and name != TIMES:
            parser.error(f"no scenario {name}; there are {names}")
    return options


def main() -> int:
    options = parse()
    chosen: list[str] = options.only or [*scenarios.SCENARIOS, TIMES]
    counts = measure([name for name in chosen if name != TIMES])
    seconds = {}
    if TIMES in chosen and not (options.check or options.update_baseline):
        seconds = build_times.seconds()
    rows = table.rows(counts)
    result = {
        "exact": counts,
        "table": [{**asdict(row), "verdict": row.verdict} for row in rows],
        "seconds": seconds,
    }
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(result, indent=1) + "\n")
    print(table.text(rows))
    for name, value in seconds.items():
        print(f"build, {name}: {value} s")
    if options.update_baseline:
        kept = {} if not options.only else baseline.read()
        baseline.write(kept | counts)
        page.update(kept | counts)
    if options.check:
        return compare(counts, all_of_them=not options.only)
    return 0


if __name__ == "__main__":
    sys.exit(main())
