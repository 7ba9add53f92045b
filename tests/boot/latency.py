# SPDX-License-Identifier: Apache-2.0
"""How long a victim's timer waits for its answer, as tests/bench/latency.c counts it, and the bound
that docs/assurance.md states."""

from __future__ import annotations

import re
import struct
import sys
from dataclasses import dataclass
from pathlib import Path

from machine import ROOT

sys.path.insert(0, str(ROOT / "tests/bench"))

import recording  # noqa: E402

PLUGIN = ROOT / "tests/bench/latency.c"
PAGE = ROOT / "docs/assurance.md"
_BOUND = re.compile(r"at most \*\*(\d+)\s+instructions\*\*")


@dataclass(frozen=True)
class Answers:
    """Of one phase: how many, and the instructions that the longest one took."""

    count: int
    longest: int


def plugin(out: Path) -> tuple[str, str]:
    """QEMU's option to count into `out`."""
    return "-plugin", f"{recording.plugin(PLUGIN)},out={out}"


def answers(out: Path) -> tuple[Answers, Answers]:
    """Before the attacks, and while they last."""
    quiet, attacked = struct.iter_unpack("<QQ", out.read_bytes())
    return Answers(*quiet), Answers(*attacked)


def bound() -> int:
    found = _BOUND.findall(PAGE.read_text(encoding="utf-8"))
    assert len(found) == 1, f"{PAGE}: {len(found)} bounds of a timer's answer"
    return int(found[0])
