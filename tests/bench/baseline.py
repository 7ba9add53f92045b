# SPDX-License-Identifier: Apache-2.0
"""The committed counts, and what has become worse since."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

BASELINE = Path(__file__).resolve().with_name("baseline.json")
TOLERANCE = 0.02
# The guest's clock ticks every 16 instructions: means over 1024 rounds may be a sixteenth apart,
# single readings a tick.
_FINE = 0.25
_TICK = 16.0
_TICKED = ("-max", "-min")
_BETTER_IF_LESS = 0.98  # what is told as an improvement


@dataclass(frozen=True)
class Change:
    name: str
    before: float
    now: float | None  # None: no longer measured

    def text(self) -> str:
        if self.now is None:
            return f"{self.name}: {self.before:g} before, not measured any more"
        grown = f" ({(self.now / self.before - 1) * 100:+.1f} %)" if self.before else ""
        return f"{self.name}: {self.before:g} before, {self.now:g} now{grown}"


def read(path: Path = BASELINE) -> dict[str, float]:
    counts: dict[str, float] = json.loads(path.read_text())
    return counts


def write(counts: dict[str, float], path: Path = BASELINE) -> None:
    path.write_text(json.dumps(counts, indent=1, sort_keys=True) + "\n")


def worse(before: dict[str, float], now: dict[str, float]) -> list[Change]:
    """Counts that grew by more than 2 %, or are missing."""
    changes = [Change(name, count, now.get(name)) for name, count in sorted(before.items())]
    return [c for c in changes if c.now is None or c.now > _limit(c.name, c.before)]


def better(before: dict[str, float], now: dict[str, float]) -> list[Change]:
    changes = [Change(name, count, now.get(name)) for name, count in sorted(before.items())]
    return [c for c in changes if c.now is not None and c.now < c.before * _BETTER_IF_LESS]


def _limit(name: str, before: float) -> float:
    operation = name.split(".")[1] if "." in name else name
    slack = _TICK if operation.endswith(_TICKED) else _FINE
    return max(before * (1 + TOLERANCE), before + (slack if before else 0.0))
