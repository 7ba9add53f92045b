# SPDX-License-Identifier: Apache-2.0
"""What hostile guests may cost their neighbour, exactly; and that the neighbour's checks can fail.
The attacks themselves are tests/guests/hostile and hostile-direct, run by test_guests.py."""

from __future__ import annotations

import re
import signal
from pathlib import Path

import pytest

from machine import DEPLOYMENTS, ICOUNT, ROOT, Machine, by_run

# Bits of tests/guests/hostile/attacks.h:
MMIO_AND_CHANNELS = "0x101"
INSTRUCTIONS = (
    "0x2124"  # system instructions, forms of access, EL0; and channels, which the partner wants
)


def lines_of_victim(config: Path, name: str, *options: str) -> str:
    command = by_run(config, name, *ICOUNT)
    with Machine([*command, *options], signal.SIGTERM) as machine:
        machine.hear("victim", r"done: \d+ failed")
        return machine.said("victim")


@pytest.mark.parametrize(
    ("hole", "line"),
    [
        ("hostile-page", r"FAIL: words of its memory that changed"),
        ("hostile-bell", r"FAIL: interrupts that are not its own"),
    ],
)
def test_a_hole_is_seen(hole: str, line: str) -> None:
    """The deployment gives the attacker one thing of the victim's: the victim says so."""
    said = lines_of_victim(
        DEPLOYMENTS / f"{hole}.toml",
        hole,
        *("--set", "vars.accesses=10000", "--set", f"vars.attacks={MMIO_AND_CHANNELS}"),
    )
    assert re.search(line, said), said


def test_a_cpu_that_has_more() -> None:
    """Atomics and what else a Cortex-A53 has not, at devices and others' memory."""
    sets = ("vars.accesses=0", f"vars.attacks={INSTRUCTIONS}")
    config = ROOT / "tests/guests/hostile/deployment.toml"
    command = by_run(config, "hostile-max", "-cpu", "max", *ICOUNT, sets=sets)
    with Machine(command, signal.SIGTERM) as machine:
        text = machine.wait_off()
    assert "FAIL:" not in text and "victim] done: 0 failed" in text, text
