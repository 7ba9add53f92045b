# SPDX-License-Identifier: Apache-2.0
"""Each board that has a deployment of its own (configs/<board>.toml: Linux beside a unikernel that
owns a device) and that the QEMU on PATH models: built, audited, booted, with all that the deployment
expects. And that boards which it does not model are told, and not taken for booted."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path

import pytest

import boards
from machine import BUILT, ICOUNT, MTTCG, Machine, by_run

# Debian's kernel for boards is large: counting its instructions takes minutes.
NOT_COUNTED = ("zcu102",)


@pytest.mark.parametrize("board", boards.names())
def test_board(board: str) -> None:
    lacking = boards.not_modelled(board)
    if lacking:
        pytest.skip(lacking)
    name = f"board-{board}"
    how = MTTCG if board in NOT_COUNTED else ICOUNT
    command = by_run(boards.config(board), name, *how)
    with Machine(command, signal.SIGTERM) as machine:
        text = machine.wait_off()
    assert f"board check: this is {board}" in text
    assert "FAIL" not in text
    audit = json.loads((BUILT / name / "audit.json").read_text())
    assert (audit["result"], audit["asked"]) == ("pass", True)


def test_channels_and_doorbells_above_2_to_the_40() -> None:
    """A unikernel's own tables reach what lies beside its RAM, as high as that is."""
    config = boards.ROOT / "configs/board.toml"
    sets = ("deployment.board=qemu-sbsa-ref",)
    command = by_run(config, "sbsa-channels", *ICOUNT, sets=sets)
    with Machine(command, signal.SIGTERM) as machine:
        assert "[ping] 8 of 8 balls" in machine.wait_off()


def _fake_qemu(folder: Path, version: str, machines: list[str]) -> None:
    """A qemu-system-aarch64 that tells of itself and does nothing else."""
    listed = "".join(f"{machine:<20} a board\\n" for machine in machines)
    script = folder / "qemu-system-aarch64"
    script.write_text(
        "#!/bin/sh\n"
        'case "$*" in\n'
        f'--version) echo "QEMU emulator version {version}" ;;\n'
        f'"-machine help") printf "Supported machines are:\\n{listed}" ;;\n'
        "*) exit 9 ;;\n"
        "esac\n"
    )
    script.chmod(0o755)


def machine_of(board: str) -> str:
    command = boards.qemu_command(board)
    return command[command.index("-machine") + 1].split(",")[0]


def _make_test_boards(folder: Path) -> subprocess.CompletedProcess[str]:
    path = f"{folder}:{os.environ['PATH']}"
    return subprocess.run(
        [str(boards.ROOT / "tests/boot/boards.py")],
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_boards_that_are_not_modelled_do_not_count(tmp_path: Path) -> None:
    _fake_qemu(tmp_path, "5.0.0", ["akita", "virt-5.0"])
    done = _make_test_boards(tmp_path)
    assert done.returncode == boards.NOT_SHOWN
    for board in boards.names():
        assert f"{board}: not booted: QEMU emulator version 5.0.0" in done.stdout
        assert f"models no {machine_of(board)};" in done.stdout
    assert "booted: none\n" in done.stdout


def test_newer_qemu_is_found_on_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _fake_qemu(tmp_path, "9.1.0", [machine_of(board) for board in boards.names()])
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    assert [boards.not_modelled(board) for board in boards.names()] == [""] * len(boards.names())
