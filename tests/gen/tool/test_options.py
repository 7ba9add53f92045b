# SPDX-License-Identifier: Apache-2.0
"""The command line."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from gen.diagnostics import Report
from gen.read.load import load_deployment
from gen.tool import options
from gen.tool.options import parse
from gen.tool.paths import ROOT as REPOSITORY

ROOT = Path("/repository")


def test_default_configuration() -> None:
    assert parse([], ROOT).config == ROOT / "configs/board.toml"


def test_paths_are_absolute() -> None:
    options = parse(["x.toml", "--out", "y"], ROOT)
    assert options.config == Path.cwd() / "x.toml"
    assert options.out == Path.cwd() / "y"


def test_qemu_arguments_are_split_as_a_shell_does() -> None:
    options = parse(["--run", "--qemu-arg", "-icount shift=0", "--qemu-arg=-s"], ROOT)
    assert options.qemu_args == ("-icount", "shift=0", "-s")


def test_gdb_arguments_are_split_likewise() -> None:
    options = parse(["--gdb", "vm", "--gdb-arg", "-ex 'break main'"], ROOT)
    assert (options.gdb, options.gdb_args) == ("vm", ("-ex", "break main"))


@pytest.mark.parametrize(
    "arguments",
    [
        ["--what"],
        ["--jobs", "0"],
        ["--timeout", "0"],
        ["--timeout", "x"],
        ["-v", "-q"],
        ["a", "b"],
        ["--golden", "check", "--check"],
    ]
    + [["--gdb", "vm", "--run"], ["--gdb-arg", "-batch"], ["--qemu-arg", "-s"], ["--timeout", "9"]]
    + [["--linux"], ["--board", "rpi4"], [""], ["--out", ""], ["--set", ""]],
)
def test_wrong_usage_is_status_2(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        parse(arguments, ROOT)
    assert caught.value.code == 2


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--chek"], "there is no --chek; did you mean --check?"),
        (["a.toml", "b.toml"], "b.toml: one deployment at a time, a.toml is one already"),
        (["--jobs", "x"], "'x' is no whole number of at least 1"),
        (["--timeout", "soon"], "'soon' is no number of seconds above 0"),
        (["--run", "--timeout", "inf"], "'inf' is no number of seconds above 0"),
        (["--check", "--run"], "--run builds, --check does not: leave one of them out"),
        (["--report", "--export-guests", "x"], "--report builds, --export-guests does not"),
        (["--check", "--diff", "x"], "--diff builds, --check does not"),
        (["--new", "x"], "--new needs --board BOARD: ./build.py --boards lists them"),
        (["--import-axvm", "x"], "--import-axvm needs --board BOARD"),
        (["--out", ""], "--out is empty"),
        ([""], "the deployment is empty"),
    ],
)
def test_wrong_usage_is_told(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        parse(arguments, ROOT)
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 2 and said[0].startswith("usage: ") and words in said[1]


def test_what_help_shows_is_possible() -> None:
    """The last lines of --help; --new goes without a check, it would write."""
    lines = [line.split("  ")[0] for line in options._EPILOG.split("    ./build.py ")[1:]]
    assert len(lines) == 4
    for line in lines:
        asked = parse(shlex.split(line.replace("CONFIG", "configs/board.toml")), REPOSITORY)
        if asked.new is None:
            report = Report()
            assert load_deployment(asked.config, asked.sets, report, {}, lambda board: None)
            assert not report.errors
