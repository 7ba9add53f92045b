# SPDX-License-Identifier: Apache-2.0
"""What build.py shows without building: boards, devices, the merged deployment, explanations,
menuconfig."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from gen import codes, docs
from gen.diagnostics import Exit, Failure, Report, Where
from gen.ranges import overlaps, pages
from gen.read.board import Board, BoardDevice
from gen.read.board_file import list_boards, load_board, read_title
from gen.read.suggest import nearest
from gen.tool import kconfig, stages
from gen.tool.paths import shown, write_if_changed
from gen.tool.stages import Work, fetch_tree
from gen.tool.terminal import Terminal


def boards(say: Terminal) -> None:
    rows = []
    for name in list_boards():
        board = read_title(name)
        assert board is not None
        rows.append({"name": name, "title": board.title, "variants": list(board.variants)})
        variants = f" (variants: {', '.join(board.variants)})" if board.variants else ""
        say.say(f"{name:24} {board.title}{variants}")
    say.put("boards", rows)


def devices(name: str, offline: bool, say: Terminal) -> None:
    """Every device of a board: path, alias, addresses, interrupts, who shares its page, DMA."""
    fetch_tree(name, offline, say)
    board = _board(name)
    rows = []
    for device in board.devices:
        mates, liners = _page_mates(device, board), _line_mates(device, board)
        rows.append(_row(device, mates, liners))
        say.say("\n".join(_lines(device, mates, liners)))
    say.put("devices", rows)


def explain(name: str, say: Terminal) -> None:
    text = codes.explain(name) or docs.explain_key(name)
    if text is None:
        meant = nearest(name, [*codes.CODES, *docs.key_names()])
        hint = f"did you mean {meant}? " if meant is not None else ""
        raise Failure(
            Exit.USAGE,
            f"{name} is neither a code nor a key; {hint}docs/errors.md and docs/deployment.md list "
            "them",
        )
    say.say(text)
    say.put("explanation", text)


def config(work: Work) -> None:
    """The deployment after includes, templates, variables and --set."""
    work.say.put("config", work.deployment.merged)
    work.say.say(json.dumps(work.deployment.merged, indent=2, default=str))


def menuconfig(work: Work) -> None:
    """Lets the user edit the symbols; then shows what [build] must hold for that."""
    import menuconfig as menu

    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise Failure(Exit.USAGE, "--menuconfig needs a terminal")
    tree = kconfig.load()
    kconfig.apply(tree, work.deployment.build)
    before = work.out / ".config.menu"
    stages.claim(work.out)
    tree.write_config(str(before))
    os.environ["KCONFIG_CONFIG"] = str(before)
    work.say.pause()
    menu.menuconfig(tree)
    tree.load_config(str(before))
    before.unlink()
    table = kconfig.build_table(tree)
    target = work.out / "build.toml"
    write_if_changed(target, table)
    work.say.say(f"{table}\nput this into {shown(work.deployment.file)} (also in {shown(target)})")
    work.say.put("build", table)


def _board(name: str) -> Board:
    report = Report()
    board = load_board(name, None, report, Where(Path(f"--devices {name}")))
    report.stop_on_errors()
    assert board is not None
    return board


def _page_mates(device: BoardDevice, board: Board) -> list[str]:
    """Devices with registers in a page that this one has registers in."""
    if device.is_bus:
        return []
    mine = [pages(part) for part in device.own_reg]
    return [
        other.path
        for other in board.devices
        if other is not device
        and not other.is_bus
        and any(overlaps(a, pages(b)) for a in mine for b in other.own_reg)
    ]


def _line_mates(device: BoardDevice, board: Board) -> list[str]:
    """Devices that interrupt by an SPI that this one interrupts by."""
    mine = {irq.number for irq in device.interrupts if irq.kind == "spi"}
    return [
        other.path
        for other in board.devices
        if other is not device
        and any(irq.kind == "spi" and irq.number in mine for irq in other.interrupts)
    ]


def _row(device: BoardDevice, mates: list[str], liners: list[str]) -> dict[str, Any]:
    return {
        "path": device.path,
        "aliases": list(device.aliases),
        "compatible": list(device.compatible),
        "enabled": device.enabled,
        "reg": [{"base": f"{part.base:#x}", "size": part.size} for part in device.reg],
        "interrupts": [
            {"kind": one.kind, "number": one.number, "intid": one.intid, "trigger": one.trigger}
            for one in device.interrupts
        ],
        "page_mates": mates,
        "interrupt_mates": liners,
        "dma": device.dma,
        "bus": device.is_bus,
    }


def _lines(device: BoardDevice, mates: list[str], liners: list[str]) -> list[str]:
    aliases = f" ({', '.join(device.aliases)})" if device.aliases else ""
    state = "" if device.enabled else "  disabled"
    lines = [f"{device.path}{aliases}{state}"]
    lines += [f"    {part.base:#x} to {part.end - 1:#x}" for part in device.reg]
    lines += [
        f"    {one.kind.upper()} {one.number} = INTID {one.intid}, {one.trigger}"
        for one in device.interrupts
    ]
    if mates:
        lines.append(f"    shares a page with {', '.join(mates)}")
    if liners:
        lines.append(f"    shares an interrupt with {', '.join(liners)}")
    if device.dma:
        lines.append("    masters the bus (DMA)")
    if device.is_bus:
        lines.append("    a bus: not to be granted, the devices on it are")
    return lines
