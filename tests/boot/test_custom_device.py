# SPDX-License-Identifier: Apache-2.0
"""docs/custom-device.md, followed to the letter in a copy of the repository."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from machine import ROOT

PAGE = ROOT / "docs/custom-device.md"
BLOCK = re.compile(r"^```(\w+)(?: (file|insert)=(\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# What stands behind the place of an insertion.
BEHIND = {"vdev/Kconfig": "endmenu\n", "gen/read/device_types.py": ")\n\n\ndef find("}
PYTHON = "/usr/bin/python3"


def blocks() -> list[tuple[str, str, str, str]]:
    """Language, what to do, with which file, and the text of each block of the page."""
    return [match.groups("") for match in BLOCK.finditer(PAGE.read_text())]  # type: ignore[misc]


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What is committed or about to be, with the page's files and changes in it."""
    folder = tmp_path_factory.mktemp("copy")
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in names.splitlines():
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    (folder / "build").mkdir()
    (folder / "build/cache").symlink_to(ROOT / "build/cache")
    for _, action, name, text in blocks():
        if action == "file":
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text)
        elif action == "insert":
            before, behind, after = (folder / name).read_text().rpartition(BEHIND[name])
            assert behind, name
            gap = "\n" if text.startswith("config") else ""
            (folder / name).write_text(before + text + gap + behind + after)
    return folder


def run(folder: Path, command: str) -> str:
    words = [PYTHON if word == "python3" else word for word in command.split()]
    done = subprocess.run(
        words, cwd=folder, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=300
    )
    assert done.returncode == 0, f"{command}:\n{done.stdout}\n{done.stderr}"
    return done.stdout


def commands() -> list[str]:
    return [
        line for kind, _, _, text in blocks() if kind == "sh" for line in text.splitlines() if line
    ]


def test_the_page_has_commands() -> None:
    assert len(commands()) >= 3


@pytest.mark.parametrize("command", commands())
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
