# SPDX-License-Identifier: Apache-2.0
"""docs/custom-device.md, followed to the letter in a copy of the repository."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from machine import ROOT
from followed_page import blocks, commands, copy_repository, run, write

PAGE = ROOT / "docs/custom-device.md"
# What stands behind the place of an insertion.
BEHIND = {"vdev/Kconfig": "endmenu\n", "gen/read/device_types.py": ")\n\n\nKINDS: "}


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The repository with the page's files and changes in it."""
    folder = tmp_path_factory.mktemp("copy")
    copy_repository(folder)
    for block in blocks(PAGE.read_text()):
        if block.action == "file":
            write(folder, block)
        elif block.action == "insert":
            name = block.argument
            before, behind, after = (folder / name).read_text().rpartition(BEHIND[name])
            assert behind, name
            gap = "\n" if block.text.startswith("config") else ""
            (folder / name).write_text(before + block.text + gap + behind + after)
    return folder


def typed() -> list[str]:
    return [
        line
        for block in blocks(PAGE.read_text())
        if block.language == "sh"
        for line in commands(block)
    ]


def test_the_page_has_commands() -> None:
    assert len(typed()) >= 3


@pytest.mark.parametrize("command", typed())
def test_command(copy: Path, command: str) -> None:
    said = run(copy, command)
    if "--run" in command:
        promised = [line.strip() for line in re.findall(r"^    (\[.*)$", PAGE.read_text(), re.M)]
        assert promised and [line for line in said.splitlines() if line in promised] == promised


def test_what_it_promises(copy: Path, tmp_path: Path) -> None:
    said = run(copy, f"./build.py configs/dice.toml --run --trace {tmp_path}/dice.json")
    assert "  device: dice\n" in said
    assert "`dice` (throws a die)" in (copy / "docs/deployment.md").read_text()
    bad = (copy / "configs/dice.toml").read_text().replace("sides = 20", "sides = 1")
    (copy / "configs/bad.toml").write_text(bad)
    words = ["./build.py", "configs/bad.toml", "--check"]
    done = subprocess.run(words, cwd=copy, capture_output=True, text=True, timeout=60)
    (promised,) = re.findall(r"^    (error\[.*)$", PAGE.read_text(), re.MULTILINE)
    assert done.returncode == 1 and promised in done.stderr


def test_other_deployments_do_not_have_it(copy: Path) -> None:
    run(copy, "./build.py -q configs/board.toml")
    shown = ["llvm-nm-14", "build/board/firmware.elf"]
    symbols = subprocess.run(shown, cwd=copy, capture_output=True, text=True, check=True).stdout
    assert "dice_" not in symbols and "vm_rows" in symbols
