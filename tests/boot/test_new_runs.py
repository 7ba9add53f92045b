# SPDX-License-Identifier: Apache-2.0
"""A deployment that `--new` wrote runs as it is, on every board that QEMU models."""

from __future__ import annotations

import signal
import subprocess
import tomllib
from pathlib import Path

import pytest

import boards
from machine import ICOUNT, ROOT, Machine, by_run

from gen.read.board_file import list_boards


def modelled() -> list[str]:
    files = {name: ROOT / "platform" / name / "board.toml" for name in list_boards()}
    return [name for name, file in files.items() if "qemu" in tomllib.loads(file.read_text())]


@pytest.mark.parametrize("board", modelled())
def test_new_runs(board: str, tmp_path: Path) -> None:
    if lacking := boards.not_modelled(board):
        pytest.skip(lacking)
    new = [str(ROOT / "build.py"), "--new", "fresh", "--board", board, "--unikernel", "one", "two"]
    subprocess.run(new, cwd=tmp_path, check=True, capture_output=True, timeout=60)
    command = by_run(tmp_path / "fresh.toml", f"new-{board}", *ICOUNT)
    with Machine(command, signal.SIGTERM) as machine:
        text = machine.wait_off()
    assert "[one] heartbeat 5\n" in text and "[two] heartbeat 5\n" in text
