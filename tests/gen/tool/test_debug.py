# SPDX-License-Identifier: Apache-2.0
"""--gdb: what a session needs is looked for before anything starts."""

from __future__ import annotations

from pathlib import Path

import pytest

from gen.diagnostics import Exit, Failure
from gen.tool import debug
from gen.tool.qemu import RunGuest, RunPlan
from gen.tool.terminal import Terminal

ENTRY = 0x4000_0000


def refusal(folder: Path, name: str, qemu: str, *symbols: str) -> Failure:
    """VMs one, two, ... with these symbols."""
    names = ("one", "two")
    guests = tuple(RunGuest(n, (0,), ENTRY, path, "") for n, path in zip(names, symbols))
    plan = RunPlan((qemu,), "firmware.bin", (), (), 0, ENTRY, guests=guests)
    plan.write(folder)
    assert RunPlan.read(folder) == plan
    with pytest.raises(Failure) as caught:
        debug.session(folder, name, (), (), Terminal(False, True, False))
    return caught.value


def test_a_vm_that_is_not_there(tmp_path: Path) -> None:
    failure = refusal(tmp_path, "three", "true", "", "")
    assert failure.status == Exit.USAGE
    assert failure.message == "--gdb: there is no VM three; there are one, two"


def test_symbols_that_are_not_there(tmp_path: Path) -> None:
    failure = refusal(tmp_path, "two", "true", "", str(tmp_path / "none.elf"))
    assert failure.status == Exit.MISSING
    assert failure.message.startswith("VM two: its symbols are not there: ")


def test_a_qemu_that_ends_at_once(tmp_path: Path) -> None:
    failure = refusal(tmp_path, "one", "true", "")
    assert (failure.status, failure.message) == (Exit.GUEST, "QEMU did not start")
