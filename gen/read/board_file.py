# SPDX-License-Identifier: Apache-2.0
"""A board's folder (board.toml and its device tree) as a gen/read/board.py Board."""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass, replace
from pathlib import Path

from gen.diagnostics import NOWHERE, Report, Where
from gen.ranges import PAGE, Range
from gen.read import fdt
from gen.read.board import Board, QemuFirmware, spin_table
from gen.read.board_schema import BOARD, VARIANT
from gen.read.board_tree import TreeFacts, read_facts
from gen.read.dtc import SourceError, compile_source, sources_of
from gen.read.suggest import did_you_mean
from gen.read.toml_file import Item, read_toml
from gen.read.validate import Values, read_table
from gen.read.variables import expand

ROOT = Path(__file__).resolve().parents[2]
PLATFORM = ROOT / "platform"
CACHE = ROOT / "build" / "cache"
FETCH = CACHE / "guests"  # ${fetch}: what gen/tool/fetch.py gets


def list_boards() -> tuple[str, ...]:
    """Names of the boards in platform/, sorted."""
    return tuple(sorted(path.parent.name for path in PLATFORM.glob("*/board.toml")))


@dataclass(frozen=True)
class BoardTitle:
    """What board.toml alone tells."""

    title: str
    variants: tuple[str, ...]
    tree: Path


def read_title(name_or_path: str) -> BoardTitle | None:
    """None: load_board() says what is wrong with the board."""
    report = Report()
    folder = _folder(name_or_path, report, NOWHERE)
    item = _read(folder, report, NOWHERE) if folder is not None else None
    if item is None:
        return None
    values = read_table(item, BOARD, "", report)
    if report.errors:
        return None
    return BoardTitle(values.get("title"), tuple(values.get("variant", {})), values.get("tree"))


def load_board(
    name_or_path: str, variant: str | None, report: Report, where: Where
) -> Board | None:
    """The board's facts. `where` is the deployment's line that names it. Everything wrong goes to
    `report`; None if something was."""
    errors_before = len(report.errors)
    folder = _folder(name_or_path, report, where)
    if folder is None:
        return None
    item = _read(folder, report, where)
    if item is None:
        return None
    values = read_table(item, BOARD, "", report)
    variants = _read_variants(item, report)
    _check_default(values, variants, report)
    variant = variant or values.get("default_variant")
    chosen = _choose(variants, variant, folder.name, report, where)
    if len(report.errors) > errors_before:
        return None
    compiled = _compile(values.get("tree"), values.at("tree"), report)
    if compiled is None:
        return None
    tree_file, sources = compiled
    try:
        tree = fdt.parse_file(tree_file)
        facts = read_facts(tree, values, bool(chosen and chosen.get("ram")), report)
    except fdt.FdtError as error:
        report.error("board-tree", values.at("tree"), str(error), "correct the device tree")
        return None
    if facts is None or len(report.errors) > errors_before:
        return None
    firmware = _qemu_firmware(values, report)
    files = [folder / "board.toml", *sources]
    files += [firmware.source] if firmware is not None else []
    found = _Source(folder, tree_file, tuple(files), variant, variants, chosen)
    board = replace(_assemble(found, values, facts), qemu_firmware=firmware)
    _check_image(board, values, report)
    return board if len(report.errors) == errors_before else None


@dataclass(frozen=True)
class _Source:
    folder: Path
    tree_file: Path
    files: tuple[Path, ...]
    variant: str | None
    variants: dict[str, Values]
    chosen: Values | None


def _read(folder: Path, report: Report, where: Where) -> Item | None:
    item = read_toml(folder / "board.toml", report, where)
    return expand(item, {"fetch": str(FETCH)}, report) if item is not None else None


def _folder(name: str, report: Report, where: Where) -> Path | None:
    folder = Path(name) if "/" in name else PLATFORM / name
    if (folder / "board.toml").is_file():
        return folder
    wrong = "there is no such board"
    if folder.is_dir():
        wrong, cure = "its folder has no board.toml", "docs/porting.md tells what goes into it"
    elif "/" in name:
        cure = "give a folder with a board.toml"
    else:
        cure = f"{did_you_mean(name, list_boards())}; a folder of your own: ./{name}"
    report.error("board-unknown", where, f'board = "{name}": {wrong}', cure)
    return None


def _read_variants(item: Item, report: Report) -> dict[str, Values]:
    holder = item.get("variant")
    if holder is None or not holder.is_table:
        return {}
    variants = {}
    for name, entry in holder.value.items():
        if entry.is_table:
            variants[name] = read_table(entry, VARIANT, f"variant.{name}", report)
        else:
            report.error(
                "wrong-type",
                entry.where,
                f"variant.{name}: expected a table",
                f"write [variant.{name}]",
            )
    return variants


def _check_default(values: Values, variants: dict[str, Values], report: Report) -> None:
    name = values.get("default_variant")
    if name is not None and name not in variants:
        report.error(
            "board-fact",
            values.at("default_variant"),
            f'default_variant = "{name}": there is no [variant.{name}]',
            did_you_mean(name, variants) or "remove it",
        )


def _choose(
    variants: dict[str, Values], name: str | None, board: str, report: Report, where: Where
) -> Values | None:
    if name is None or name in variants:
        return variants.get(name or "")
    report.error(
        "variant-unknown",
        where,
        f'variant = "{name}": the board {board} has no such variant',
        did_you_mean(name, variants) or "remove variant: the board has none",
    )
    return None


def _compile(tree: Path, where: Where, report: Report) -> tuple[Path, tuple[Path, ...]] | None:
    """The blob of a tree: itself, or compiled from source into the cache; and what it is made of."""
    try:
        sources = sources_of(tree)
        data = b"".join(source.read_bytes() for source in sources)
    except OSError as error:
        fetched = tree.is_relative_to(FETCH)
        cure = "python3 -m gen.tool.fetch fetches it" if fetched else "correct the path"
        report.error("file-missing", where, f"{tree}: {error.strerror}", cure)
        return None
    if tree.suffix != ".dts":
        return tree, sources
    target = CACHE / f"{tree.parent.name}-{hashlib.sha256(data).hexdigest()[:16]}.dtb"
    if not target.is_file():
        try:
            blob = compile_source(tree)
        except SourceError as error:
            words = str(error).splitlines()[0]
            cure = "correct the device tree"
            if re.search(rb"^\s*#\s*(include|define)\b", data, re.MULTILINE):
                cure = (
                    "preprocess it (clang-14 -E -x assembler-with-cpp), or give the compiled .dtb"
                )
            report.error("board-tree", where, f"{tree} does not compile: {words}", cure)
            return None
        CACHE.mkdir(parents=True, exist_ok=True)
        fresh = target.with_suffix(f".{os.getpid()}")
        fresh.write_bytes(blob)
        fresh.replace(target)
    return target, sources


def _assemble(source: _Source, values: Values, facts: TreeFacts) -> Board:
    cpu: Values = values.get("cpu")
    image: Values = values.get("image")
    firmware: Values = values.get("firmware") or Values(values.where)
    ram = facts.ram
    if source.chosen is not None and source.chosen.get("ram"):
        ram = tuple(Range(r.get("base"), r.get("size")) for r in source.chosen.get("ram"))
    reserved = [Range(r.get("base"), r.get("size")) for r in firmware.get("reserved", ())]
    qemu: Values = values.get("qemu") or Values(values.where)
    gic: Values = values.get("gic") or Values(values.where)
    return Board(
        name=source.folder.name,
        title=values.get("title"),
        arch=values.get("arch"),
        folder=source.folder,
        tree=source.tree_file,
        variant=source.variant,
        variants=tuple(source.variants),
        cpus=facts.cpus,
        cpu_features=tuple(cpu.get("features", ())),
        physical_address_bits=cpu.get("physical_address_bits"),
        ram=tuple(sorted(ram, key=lambda part: part.base)),
        reserved=tuple(
            sorted(
                [*facts.reserved, *reserved, *spin_table(facts.cpus)], key=lambda part: part.base
            )
        ),
        gic=replace(facts.gic, security_states=gic.get("security_states", 2)),
        uart=facts.uart,
        power=facts.power,
        timer_ppi=facts.timer_ppi,
        maintenance_ppi=facts.maintenance_ppi,
        psci_conduit=facts.psci_conduit,
        image_base=image.get("base"),
        image_limit=image.get("limit"),
        dtb_fallback=firmware.get("dtb_fallback", 0),
        formats=tuple(image.get("formats", ("bin",))),
        flash_size=image.get("flash_size", 0),
        qemu=tuple(qemu.get("command", ())),
        qemu_variants={
            name: tuple(variant.get("qemu", ())) for name, variant in source.variants.items()
        },
        devices=facts.devices,
        files=source.files,
        cpu_start=facts.cpu_start,
        firmware_config=tuple(firmware.get("config", ())),
    )


def _qemu_firmware(values: Values, report: Report) -> QemuFirmware | None:
    qemu: Values = values.get("qemu") or Values(values.where)
    firmware: Values | None = qemu.get("firmware")
    if firmware is None:
        return None
    source: Path = firmware.get("source")
    if not source.is_file():
        where = firmware.at("source")
        report.error("file-missing", where, f"{source}: no such file", "correct the path")
    return QemuFirmware(source, firmware.get("tree"))


def _check_image(board: Board, values: Values, report: Report) -> None:
    image: Values = values.get("image")
    if board.image_base % PAGE:
        report.error(
            "board-fact",
            image.at("base"),
            f"image.base = {board.image_base:#x} is not a multiple of 4 KiB",
            "align it",
        )
    home = next((r for r in board.ram if r.base <= board.image_base < r.end), None)
    if home is not None and board.image_limit > home.size:
        report.error(
            "board-fact",
            image.at("limit"),
            f"image.limit = {board.image_limit:#x} is more than the board's RAM at {home.base:#x}, of "
            f"{home.size:#x} bytes",
            "tell what firmware leaves for an image from image.base on",
        )
    if home is None:
        report.error(
            "board-fact",
            image.at("base"),
            f"image.base = {board.image_base:#x} is not in the board's RAM "
            + ", ".join(f"[{part.base:#x}, {part.end:#x})" for part in board.ram),
            "choose an address in RAM",
        )
    if "flash" in board.formats and board.flash_size == 0:
        report.error(
            "board-fact",
            image.at("formats"),
            'formats has "flash", and flash_size is missing',
            "add flash_size",
        )
