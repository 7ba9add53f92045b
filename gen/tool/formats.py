# SPDX-License-Identifier: Apache-2.0
"""The files that a board boots from, as its board.toml lists formats, and FLASH.txt, which tells how
they get there."""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path

from gen.diagnostics import Report
from gen.emit import flash_guide
from gen.plan.model import Plan
from gen.read.board import Board
from gen.read.deployment import Deployment
from gen.tool import fit, flash, raspberry_pi, sign_key
from gen.tool.image import Linked
from gen.tool.paths import ROOT, write_if_changed

# What boards boot from, and what belongs to it, in all formats; firmware.elf is for debuggers.
_FILES = (
    "firmware.bin",
    fit.NAME,
    fit.SCRIPT,
    flash.NAME,
    raspberry_pi.KERNEL,
    raspberry_pi.CONFIG,
    raspberry_pi.CARD,
    flash_guide.FILE,
)


def remove(out: Path, kept: Collection[str] = ()) -> None:
    """Removes what earlier builds left: nobody shall flash it for this one."""
    for name in _FILES:
        if name not in kept:
            (out / name).unlink(missing_ok=True)


def check(deployment: Deployment, board: Board, key: Path | None, report: Report) -> None:
    """Whether the board has the formats that are asked for; and the key, if one is given."""
    if key is not None:
        sign_key.read(key)
    asked = {
        "deployment.board": "--sign-key" if key is not None else "",
        "deployment.slots": f"slots = {deployment.slots}" if deployment.slots > 1 else "",
    }
    for place, what in asked.items():
        if what and "itb" not in board.formats:
            report.error(
                "board-no-fit",
                deployment.at(place),
                f"{what} needs a FIT image for U-Boot, and board {board.name} boots from "
                f"{', '.join(board.formats)} alone",
                f"leave {what} out, or use a board that boots by U-Boot",
            )


def key_files(key: Path | None) -> list[Path]:
    """What signatures come from: seen by size and time, never by content."""
    return [] if key is None else [sign_key.file_of(key)]


def write(plan: Plan, linked: Linked, key_file: Path | None, out: Path) -> list[Path]:
    """All of them, those that every build has first; and FLASH.txt."""
    board = plan.board
    files = [linked.bin, linked.elf]
    key = sign_key.read(key_file) if key_file is not None else None
    if "itb" in board.formats:
        files.append(fit.make(linked.bin, board, key, out))
    if "flash" in board.formats:
        files.append(flash.flash(linked.bin, board.flash_size, out))
    if "raspberry-pi" in board.formats:
        files += raspberry_pi.make(linked.bin, board, out)
    sizes = {path.name: path.stat().st_size for path in files}
    if plan.deployment.slots > 1:
        commands = flash_guide.slots_script(plan, sizes[fit.NAME])
        files.append(fit.script(commands, board.arch, out))
    named = (_from(out, key.folder), key.name) if key is not None else None
    write_if_changed(out / flash_guide.FILE, flash_guide.flash_guide(plan, sizes, named))
    remove(out, {flash_guide.FILE, *(path.name for path in files)})
    return files


def _from(out: Path, folder: Path) -> str:
    """How a command that is started in `out` names the folder: the same wherever the repository is."""
    return os.path.relpath(folder, out) if folder.is_relative_to(ROOT) else str(folder)
