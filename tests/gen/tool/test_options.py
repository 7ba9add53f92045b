# SPDX-License-Identifier: Apache-2.0
"""The command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from gen.tool.options import parse

ROOT = Path("/repository")


def test_default_configuration() -> None:
    assert parse([], ROOT).config == ROOT / "configs/board.toml"


def test_paths_are_absolute() -> None:
    options = parse(["x.toml", "--out", "y"], ROOT)
    assert options.config == Path.cwd() / "x.toml"
    assert options.out == Path.cwd() / "y"


def test_qemu_arguments_are_split_as_a_shell_does() -> None:
    options = parse(["--qemu-arg", "-icount shift=0", "--qemu-arg=-s"], ROOT)
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
    + [["--gdb", "vm", "--run"], ["--gdb-arg", "-batch"]],
)
def test_wrong_usage_is_status_2(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        parse(arguments, ROOT)
    assert caught.value.code == 2
