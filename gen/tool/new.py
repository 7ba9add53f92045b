# SPDX-License-Identifier: Apache-2.0
"""`--new NAME --board B`: a deployment to start from, which builds and runs as it is."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gen.diagnostics import Exit, Failure, Report, Where
from gen.read.board import Board
from gen.read.board_file import load_board
from gen.read.device_types import default_uart
from gen.read.keys import KIND_WORDS, NAME
from gen.tool import qemu, toml_text
from gen.tool.options import Options
from gen.tool.paths import ROOT, write_atomic
from gen.tool.stages import fetch_tree
from gen.tool.terminal import Terminal

PARTS = Path(__file__).with_name("new_deployment")
FORM = "deployment.toml.jinja"
PROGRAM = "main.c"
UNIKERNEL = "hello"  # where neither --linux nor --unikernel says what is wanted
LINUX_CPUS = 2  # at most


@dataclass(frozen=True)
class NewVm:
    name: str
    is_linux: bool
    cpus: list[int]
    explains: bool  # its keys have comments: it is the first of its kind


def run(options: Options, say: Terminal) -> None:
    """The command. Nothing is written if a file of those is there already."""
    assert options.new is not None and options.board is not None
    unikernels = options.unikernels or (() if options.linux else (UNIKERNEL,))
    _check_names(options.new, [*options.linux, *unikernels])
    board = _load(options.board, options.offline, say)
    vms = _vms(options.linux, unikernels, board)
    folder = options.out or Path.cwd()
    files = {
        folder / f"{options.new}.toml": _deployment(options.new, options.board, vms, board, folder)
    }
    for name in unikernels:
        files[folder / options.new / name / PROGRAM] = _program()
    _write(files)
    shown = [os.path.relpath(path) for path in files]
    say.put("files", shown)
    say.say("\n".join(f"wrote {name}" for name in shown))
    what_next = "--run" if _runs_here(board) else "--check"
    say.say(f"next: {shlex.join([_command(), shown[0], what_next])}")


def _check_names(name: str, vms: Sequence[str]) -> None:
    for word in (name, *vms):
        if not NAME.fullmatch(word):
            raise Failure(Exit.USAGE, f'--new: "{word}" is not {KIND_WORDS["name"]}')
    for word in vms:
        if vms.count(word) > 1:
            raise Failure(Exit.USAGE, f'--new: two VMs are named "{word}": give each its own name')


def _load(name: str, offline: bool, say: Terminal) -> Board:
    report = Report()
    fetch_tree(name, offline, say)
    board = load_board(name, None, report, Where(Path(f"--board {name}")))
    report.stop_on_errors()
    assert board is not None
    return board


def _vms(linux: Sequence[str], unikernels: Sequence[str], board: Board) -> list[NewVm]:
    """One CPU for each unikernel, the others for Linux."""
    count = len(board.cpus)
    if len(linux) + len(unikernels) > count:
        raise Failure(
            Exit.USAGE,
            f"--new: {len(linux) + len(unikernels)} VMs, and board {board.name} has {count} CPUs, "
            "one for each VM at least: ask for fewer",
        )
    each = min(LINUX_CPUS, (count - len(unikernels)) // len(linux)) if linux else 0
    vms = []
    for index, name in enumerate(linux):
        cpus = list(range(index * each, (index + 1) * each))
        vms.append(NewVm(name, True, cpus, index == 0))
    for index, name in enumerate(unikernels):
        vms.append(NewVm(name, False, [len(linux) * each + index], index == 0))
    return vms


def _deployment(
    name: str, board_name: str, vms: Sequence[NewVm], board: Board, folder: Path
) -> str:
    import jinja2

    form = jinja2.Environment(
        loader=jinja2.FileSystemLoader(PARTS),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    form.filters["text"] = toml_text.string
    return form.get_template(FORM).render(
        name=name,
        title=board.title,
        board=toml_text.board(board_name, folder),
        variants=board.variants,
        has_pl011=default_uart(board.uart.type).name == "pl011",
        vms=vms,
        timeout="120s" if any(vm.is_linux for vm in vms) else "10s",
    )


def _program() -> str:
    """The unikernel's source; it belongs to the user."""
    _, _, text = (PARTS / PROGRAM).read_text(encoding="utf-8").partition("\n\n")
    return text


def _write(files: Mapping[Path, str]) -> None:
    there = [os.path.relpath(path) for path in files if path.exists()]
    if there:
        raise Failure(
            Exit.USAGE,
            f"--new: {', '.join(there)} is there already, and nothing is overwritten: choose another "
            "name, another folder by --out, or remove it",
        )
    for path, text in files.items():
        try:
            write_atomic(path, text.encode())
        except OSError as error:
            raise Failure(Exit.USAGE, f"--new: {path}: {error.strerror}") from None


def _runs_here(board: Board) -> bool:
    try:
        return not qemu.lacking(board.qemu)
    except Failure:  # there is no QEMU
        return False


def _command() -> str:
    """./build.py, from the current directory."""
    near = os.path.relpath(ROOT / "build.py")
    return near if "/" in near else f"./{near}"
