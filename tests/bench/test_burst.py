# SPDX-License-Identifier: Apache-2.0
"""Sixteen interrupts at once, in QEMU: handlers run by priority, and the most urgent one soon."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import scenarios  # noqa: E402
import subject  # noqa: E402

SHARE = 1.5  # of its latency alone
LINE = 300  # instructions that the first handler waits for each line beside


def test_sixteen_at_once() -> None:
    subject.build_guest()
    with ThreadPoolExecutor(1, thread_name_prefix="burst") as lane:  # its own folder
        counts = lane.submit(scenarios.burst).result()
    disorder = {name: n for name, n in counts.items() if name.endswith(".disorder")}
    assert len(disorder) == 4 and not any(disorder.values()), disorder
    for name in ("emulated", "passthrough", "passthrough-lines"):
        assert counts[f"burst.{name}.first-to-solo"] <= SHARE, name
    emulated = "burst.emulated-lines"
    assert counts[f"{emulated}.first-max"] <= counts[f"{emulated}.solo"] + 15 * LINE
