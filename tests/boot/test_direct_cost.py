# SPDX-License-Identifier: Apache-2.0
"""With interrupts = "passthrough" a guest takes and ends its interrupts in exactly as many
instructions as without a hypervisor: one measuring guest, run on the bare board and as a VM."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from machine import BOARD, ICOUNT, ROOT, Machine, board, build, by_kernel

GUEST = ROOT / "tests/guests/bench"
# Timer and device: from the event to the handler, end of interrupt included, by average and worst.
# The others show that nothing of the CPU itself traps.
SAME = ("timer", "timer-max", "device-spi", "device-spi-max", "wfi", "mpidr", "cntv-ctl")
RESULT = re.compile(r"bench: (\S+) (\d+) (\d+)$", re.MULTILINE)
# The counter ticks every 16 instructions: a loop that begins elsewhere in a tick may count one more
# in all its rounds; latencies are measured over all 16 phases, and are equal.
LOOPS = ("wfi", "mpidr", "cntv-ctl")


@pytest.fixture(scope="module")
def image() -> Path:
    image = ROOT / "build/tests/bench.bin"
    subprocess.run([sys.executable, GUEST / "build.py", image], check=True, timeout=60)
    return image


def results(command: list[str]) -> dict[str, tuple[int, int]]:
    with Machine(command) as machine:
        machine.expect(r"bench: done")
        found = RESULT.findall(machine.text)
    return {name: (int(ticks), int(rounds)) for name, ticks, rounds in found}


def natively(image: Path) -> dict[str, tuple[int, int]]:
    command = board(*ICOUNT, "-kernel", str(image), cpus=2)
    at = command.index(next(word for word in BOARD if word.startswith("virt,")))
    command[at] = command[at].replace("virtualization=on,", "")
    return results(command)


def below(mode: str) -> dict[str, tuple[int, int]]:
    setting = f"vm.guest.interrupts={mode}"
    folder = build(GUEST / "deployment.toml", f"cost-{mode}", "--set", setting)
    return results(board(*ICOUNT, *by_kernel(folder)))


def test_interrupts_cost_what_they_cost_natively(image: Path) -> None:
    bare, direct, emulated = natively(image), below("passthrough"), below("emulated")
    for name in SAME:
        slack = 1 if name in LOOPS else 0
        assert abs(bare[name][0] - direct[name][0]) <= slack, name
        assert bare[name][1] == direct[name][1]
    assert emulated["timer"][0] > direct["timer"][0]  # what the comparison would show
