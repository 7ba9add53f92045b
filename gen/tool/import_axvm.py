# SPDX-License-Identifier: Apache-2.0
"""`--import-axvm a.toml b.toml --board B`: AxVM's VM files as one native deployment file."""

from __future__ import annotations

import os
import textwrap
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from gen.diagnostics import Diagnostic, Report, Where
from gen.read.axvm import include_axvm
from gen.read.keys import NAME, show_size
from gen.read.schema import SCHEMA_VERSION
from gen.read.toml_file import Item
from gen.tool import toml_text
from gen.tool.options import Options
from gen.tool.paths import shown, write_if_changed
from gen.tool.stages import fetch_tree
from gen.tool.terminal import Terminal

WIDTH = 96
ADDRESSES = ("gpa", "hpa", "load_gpa", "entry_gpa", "initrd_gpa", "dtb_gpa")
PATHS = ("image", "initrd", "dtb")
ORDER = (
    "name id cpus memory kernel initrd initrd_gpa bootargs dtb dtb_gpa interrupts devices device "
    "passthrough emulated defaults"
).split()


def run(options: Options, say: Terminal) -> None:
    """The command."""
    report = Report()

    def prepare(board: str) -> None:
        fetch_tree(board, options.offline, say)

    assert options.board is not None
    text = import_files(options.import_axvm, options.board, options.out, prepare, report)
    say.findings(report.found)
    say.put("deployment", text)
    if options.out is None:
        say.say(text.rstrip())
    else:
        write_if_changed(options.out, text)
        say.say(f"wrote {shown(options.out)}")


def import_files(
    files: Sequence[Path],
    board: str,
    out: Path | None,
    prepare_board: Callable[[str], None],
    report: Report,
) -> str:
    """The text of the deployment file. Relative paths in it start from the folder of `out`, or from
    the current one. What is wrong goes to `report`, whose errors end the command."""
    root = _root(files, board)
    whole, _ = include_axvm(root, prepare_board, report)
    report.stop_on_errors()
    vms = whole.value["vm"].value
    folder = out.parent if out is not None else Path.cwd()
    stem = out.stem if out is not None else ""
    name = stem if NAME.fullmatch(stem) else vms[0].value["name"].value
    lines = [
        f"# From AxVM's {', '.join(file.name for file in files)} by ./build.py --import-axvm.",
        f"schema = {SCHEMA_VERSION}",
        "",
        "[deployment]",
        f"name = {toml_text.string(name)}",
        f"board = {toml_text.string(toml_text.board(board, folder))}",
    ]
    for file, vm in zip(files, vms):
        found = [item for item in report.found if item.where.file == file.absolute()]
        lines += ["", *_comments(found), "[[vm]]", *_vm(vm, file.absolute().parent, folder)]
    return "\n".join(lines) + "\n"


def _root(files: Sequence[Path], board: str) -> Item:
    """The deployment that would include the files."""
    here = Path.cwd()
    where = Where(Path("--import-axvm"))

    def text(value: str) -> Item:
        return Item(value, where, here)

    vms = [Item({"axvm": text(str(file.absolute()))}, where, here) for file in files]
    head = Item({"board": text(board)}, Where(Path(f"--board {board}")), here)
    return Item({"deployment": head, "vm": Item(vms, where, here)}, where, here)


def _comments(found: Sequence[Diagnostic]) -> list[str]:
    lines = []
    for item in found:
        text = f"{item.code}, line {item.where.line}: {item.message}"
        lines += textwrap.wrap(text, WIDTH, initial_indent="# ", subsequent_indent="#   ")
    return lines


def _vm(vm: Item, source: Path, folder: Path) -> list[str]:
    table = {key: item for key, item in vm.value.items() if key != "axvm"}
    plain = {key: item.plain() for key, item in table.items()}
    _shorten_devices(plain)

    def show(key: str, value: Any) -> str:
        return _value(key, value, source, folder)

    lines = []
    for key in ORDER:
        value = plain.get(key)
        if isinstance(value, list) and value and isinstance(value[0], dict) and key != "device":
            lines += [f"{key} = [", *(f"    {show(key, entry)}," for entry in value), "]"]
        elif value is not None and key != "device":
            lines.append(f"{key} = {show(key, value)}")
    for entry in plain.get("device", ()):
        lines += ["[[vm.device]]", *(f"{key} = {show(key, v)}" for key, v in entry.items())]
    return lines


def _shorten_devices(plain: dict[str, Any]) -> None:
    """Devices of which only the path is told move to the short form."""
    whole = plain.get("device", [])
    short = [entry["path"] for entry in whole if list(entry) == ["path"]]
    if short:
        plain["devices"] = short
        plain["device"] = [entry for entry in whole if list(entry) != ["path"]]


def _value(key: str, value: Any, source: Path, folder: Path) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        inner = (f"{name} = {_value(name, v, source, folder)}" for name, v in value.items())
        return "{ " + ", ".join(inner) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(_value(key, entry, source, folder) for entry in value) + "]"
    if key in ADDRESSES:
        return f"{value:#_x}"
    if key == "size":
        shown = show_size(value)
        return shown if shown.isdigit() else toml_text.string(shown)
    if key in PATHS:
        return toml_text.string(_path(Path(value), source, folder))
    return toml_text.string(value) if isinstance(value, str) else str(value)


def _path(path: Path, source: Path, folder: Path) -> str:
    """What lies beside the AxVM file is told from the new one; the rest stays as it was."""
    return os.path.relpath(path, folder) if path.is_relative_to(source) else str(path)
