# SPDX-License-Identifier: Apache-2.0
"""All that a build depends on: the hash that is in the image, and the stamp by which an unchanged
build is known at once."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from gen.tool import toolchain
from gen.tool.paths import CACHE, ROOT, write_atomic

_ROOMS = {
    "gen": (".py", ".h", ".c", ".txt", ".toml", ".html", ".svg", ".css", ".js"),
    "arch": (".c", ".h", ".S", "Kconfig"),
    "platform": (".c", ".h", ".S", "Kconfig", ".toml", ".dts", ".dtsi", ".dtb"),
    "vdev": (".c", ".h", ".S", "Kconfig"),
    "loader": (".c", ".h", ".S", "Kconfig"),
    "guest": (".c", ".h", ".S", ".ld"),
}
_TOP = ("build.py", "Kconfig", "LICENSE")
_TOOLS = (toolchain.CLANG, toolchain.LLD, toolchain.OBJCOPY, "mkimage", "mformat", "dtc")
UNIKERNEL = (".c", ".h", ".S")


def walk(folder: Path, endings: tuple[str, ...]) -> list[Path]:
    """Files below `folder` with one of `endings`, sorted."""
    found: list[Path] = []
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name != "__pycache__"]
        found += [Path(place, name) for name in names if name.endswith(endings)]
    return sorted(found)


def own_files() -> list[Path]:
    """The repository's part: generator, hypervisor and runtime."""
    found = [ROOT / name for name in _TOP]
    for room, endings in _ROOMS.items():
        found += walk(ROOT / room, endings)
    return found


def digest(base: Path, files: Iterable[Path], settings: Iterable[str]) -> str:
    """One hash over names, contents and settings. Files outside the repository are named from
    `base`, the deployment's folder, so that the hash does not depend on where all this lies."""
    whole = hashlib.sha256()
    for setting in settings:
        whole.update(setting.encode() + b"\0")
    for tool, version in toolchain.versions().items():
        whole.update(f"{tool}\0{version}\0".encode())
    named: dict[str, Path] = {}
    for path in files:
        inside = path.is_relative_to(ROOT)
        named[str(path.relative_to(ROOT)) if inside else os.path.relpath(path, base)] = path
    for name, path in sorted(named.items()):
        data = path.read_bytes()
        whole.update(f"{name}\0{len(data)}\0".encode())
        whole.update(data)
    return whole.hexdigest()


@dataclass(frozen=True)
class Stamp:
    """What a finished build was made from and what it made."""

    folder: Path  # of the results
    summary: str
    files: tuple[Path, ...]  # inputs beyond own_files(), and outputs
    folders: tuple[Path, ...]  # of unikernel sources


def stamp_path(config: Path, settings: Iterable[str]) -> Path:
    """Where the stamp of this configuration with these options lies."""
    name = hashlib.sha256("\0".join([str(config), *settings]).encode()).hexdigest()[:16]
    return CACHE / "stamps" / f"{name}.json"


def remember(path: Path, stamp: Stamp) -> None:
    seen = {str(file): _identity(file) for file in _watched(stamp.files, stamp.folders)}
    text = {
        "folder": str(stamp.folder),
        "summary": stamp.summary,
        "files": [str(file) for file in stamp.files],
        "folders": [str(folder) for folder in stamp.folders],
        "seen": seen,
    }
    write_atomic(path, json.dumps(text, indent=1).encode())


def unchanged(path: Path) -> Stamp | None:
    """The stamp if every file that counts is exactly the one it was then; else None."""
    try:
        text = json.loads(path.read_text())
    except (OSError, ValueError):
        return None
    stamp = Stamp(
        Path(text["folder"]),
        text["summary"],
        tuple(map(Path, text["files"])),
        tuple(map(Path, text["folders"])),
    )
    now = {str(file): _identity(file) for file in _watched(stamp.files, stamp.folders)}
    return stamp if now == text["seen"] else None


def _watched(files: Iterable[Path], folders: Iterable[Path]) -> list[Path]:
    found = [*own_files(), *files]
    for folder in folders:
        found += walk(folder, UNIKERNEL)
    found += [Path(place) for place in map(shutil.which, _TOOLS) if place]
    return found


def _identity(path: Path) -> list[int]:
    """Changes with every write, even one that keeps size and modification time."""
    try:
        status = path.stat()
    except OSError:
        return []
    return [status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino]
