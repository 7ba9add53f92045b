# SPDX-License-Identifier: Apache-2.0
"""`--new`: what it writes is sound for every board, and it overwrites nothing. That it runs, too:
tests/boot/test_new_runs.py."""

from __future__ import annotations

import subprocess
import tomllib
from pathlib import Path

import pytest

from gen.read.board_file import list_boards
from gen.tool.paths import ROOT

BUILD = str(ROOT / "build.py")
BOARD = "qemu-virt-aarch64"


def build(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([BUILD, *arguments], cwd=cwd, capture_output=True, text=True, timeout=300)


def vms(file: Path) -> list[tuple[str, list[int], bool]]:
    """Name, CPUs, whether it is Linux."""
    found = tomllib.loads(file.read_text())["vm"]
    return [(vm["name"], vm["cpus"], "initrd" in vm) for vm in found]


@pytest.mark.parametrize("board", list_boards())
def test_it_is_sound_on_every_board(board: str, tmp_path: Path) -> None:
    wanted = ["--linux", "--unikernel", "one"]
    made = build("--new", "fresh", "--board", board, *wanted, cwd=tmp_path)
    assert made.returncode == 0, made.stderr
    file = tmp_path / "fresh.toml"
    assert [(name, is_linux) for name, _, is_linux in vms(file)] == [
        ("linux", True),
        ("one", False),
    ]
    with_channel = file.read_text()
    for line in ("[[channel]]", "name = ", "size = ", "peers = "):
        assert with_channel.count(f"# {line}") == 1
        with_channel = with_channel.replace(f"# {line}", line)
    file.write_text(with_channel)
    checked = build("fresh.toml", "--check", cwd=tmp_path)
    assert checked.returncode == 0, checked.stderr
    warnings = [line for line in checked.stderr.splitlines() if "warning[" in line]
    assert not [line for line in warnings if "W-board-unsupported" not in line]


def test_one_unikernel_where_nothing_is_said(tmp_path: Path) -> None:
    said = build("--new", "fresh", "--board", BOARD, cwd=tmp_path).stdout
    assert vms(tmp_path / "fresh.toml") == [("hello", [0], False)]
    assert "fresh.toml" in said and "fresh/hello/main.c" in said
    command = said.splitlines()[-1].removeprefix("next: ")
    assert command.endswith("build.py fresh.toml --run")
    check = subprocess.run(
        f"{command.removesuffix('--run')} --check",
        shell=True,
        cwd=tmp_path,
        timeout=300,
        check=False,
    )
    assert check.returncode == 0


def test_another_folder_and_a_board_of_the_user_s_own(tmp_path: Path) -> None:
    own = tmp_path / "boards/mine"
    own.mkdir(parents=True)
    for file in (ROOT / "platform" / BOARD).iterdir():
        (own / file.name).write_bytes(file.read_bytes())
    made = build("--new", "fresh", "--board", "boards/mine", "--out", "product", cwd=tmp_path)
    assert made.returncode == 0, made.stderr
    file = tmp_path / "product/fresh.toml"
    assert tomllib.loads(file.read_text())["deployment"]["board"] == "../boards/mine"
    checked = build(str(file), "--check", cwd=tmp_path.parent)
    assert checked.returncode == 0, checked.stderr


@pytest.mark.parametrize(
    ("arguments", "cpus"),
    [
        (["--linux"], [[0, 1]]),
        (["--linux", "a", "b"], [[0, 1], [2, 3]]),
        (["--linux", "a", "--linux", "b", "--unikernel", "c"], [[0], [1], [2]]),
        (["--linux", "a", "--unikernel", "b", "c", "d"], [[0], [1], [2], [3]]),
        (["--unikernel", "b", "--unikernel", "c"], [[0], [1]]),
    ],
)
def test_cpus_are_shared_out(arguments: list[str], cpus: list[list[int]], tmp_path: Path) -> None:
    made = build("--new", "fresh", "--board", BOARD, *arguments, cwd=tmp_path)
    assert made.returncode == 0, made.stderr
    assert [vm[1] for vm in vms(tmp_path / "fresh.toml")] == cpus


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--new", "fresh"], "--new needs --board BOARD"),
        (["--board", BOARD], "--board goes with --new"),
        (["--linux"], "--linux and --unikernel go with --new"),
        (["--new", "fresh", "--board", BOARD, "old.toml"], "takes none: old.toml"),
        (["--new", "a/b", "--board", BOARD], '"a/b" is not a name'),
        (["--new", "fresh", "--board", BOARD, "--linux", "1st"], '"1st" is not a name'),
        (["--new", "fresh", "--board", BOARD, "--linux", "--unikernel", "linux"], "two VMs"),
        (["--new", "fresh", "--board", BOARD, "--unikernel", *"abcde"], "has 4 CPUs"),
    ],
)
def test_what_cannot_be_made_is_told(arguments: list[str], words: str, tmp_path: Path) -> None:
    made = build(*arguments, cwd=tmp_path)
    assert made.returncode == 2 and words in made.stderr, made.stderr
    assert not list(tmp_path.iterdir())


def test_an_unknown_board_is_told(tmp_path: Path) -> None:
    made = build("--new", "fresh", "--board", "qemu-virt-arm", cwd=tmp_path)
    assert made.returncode == 1 and f'did you mean "{BOARD}"?' in made.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("there", ["fresh.toml", "fresh/hello/main.c"])
def test_nothing_is_overwritten(there: str, tmp_path: Path) -> None:
    (tmp_path / there).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / there).write_text("mine")
    made = build("--new", "fresh", "--board", BOARD, cwd=tmp_path)
    assert made.returncode == 2 and f"{there} is there already" in made.stderr
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [tmp_path / there]
    assert (tmp_path / there).read_text() == "mine"
