#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Boards that have a deployment of their own, configs/<board>.toml, and whether the QEMU on PATH
models them. As a command (`make test-boards`): boots those that it models, says in words which it
does not, and succeeds only where all were booted."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from gen.diagnostics import Failure  # noqa: E402
from gen.tool import qemu  # noqa: E402

NOT_SHOWN = 3  # exit status: nothing failed, and not everything was booted


def names() -> list[str]:
    """In order; those that no QEMU models are not among them."""
    found = sorted(path.stem for path in (ROOT / "configs").glob("*.toml"))
    return [name for name in found if qemu_command(name)]


def config(board: str) -> Path:
    return ROOT / "configs" / f"{board}.toml"


def not_modelled(board: str) -> str:
    """Why the board can't be booted here, in words; "": it can."""
    try:
        why = qemu.lacking(qemu_command(board))
    except Failure as failure:
        why = failure.message
    return f"{board}: not booted: {why}" if why else ""


def qemu_command(board: str) -> list[str]:
    """[] where no QEMU models it, or there is no such board."""
    file = ROOT / "platform" / board / "board.toml"
    facts = tomllib.loads(file.read_text()) if file.is_file() else {}
    command: list[str] = facts.get("qemu", {}).get("command", [])
    return command


def main() -> int:
    lacking = {board: words for board in names() if (words := not_modelled(board))}
    booted = [board for board in names() if board not in lacking]
    tests = [f"tests/boot/test_boards.py::test_board[{board}]" for board in booted]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests]
    status = subprocess.run(command, cwd=ROOT, check=False).returncode if tests else 0
    for words in lacking.values():
        print(words)
    what = "tried, and not all passed" if status else "booted"
    print(f"{what}: {', '.join(booted) or 'none'}")
    print(f"NOT booted, so nothing is shown of: {', '.join(lacking) or 'none'}")
    return status or (NOT_SHOWN if lacking else 0)


if __name__ == "__main__":
    sys.exit(main())
