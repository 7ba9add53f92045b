# SPDX-License-Identifier: Apache-2.0
"""libfdt for the target: its sources lie in Debian's linux-source package under scripts/dtc/libfdt
(dual licence BSD-2-Clause/GPL-2.0, used under BSD-2-Clause). Only that folder is streamed out of
the package. It is pinned by its content: any version of the package that carries the same libfdt
does."""

from __future__ import annotations

import functools
import subprocess
import tarfile
import tempfile
from pathlib import Path
from typing import IO

from gen.diagnostics import Exit, Failure
from gen.tool import cache, newlib, toolchain
from gen.tool.apt import download
from gen.tool.library import Library, Unit, archive
from gen.tool.paths import CACHE

PACKAGE = "linux-source-6.1"
INNER = "./usr/src/linux-source-6.1.tar.xz"
FOLDER = "scripts/dtc/libfdt/"
# sha256 over the sorted names and contents of the .c and .h files (see cache.digest).
PINNED = "40f90bb8708bee9047b8bee2a9415816f113206fea9999745ff97b64c69c5179"
VERSION = "1.6.1"  # of the dtc that Linux 6.1 carries
# ASSUME_LATEST of libfdt_internal.h: loader/tree.c refuses trees of other versions.
LATEST_ONLY = "-DFDT_ASSUME_MASK=4"
SOURCES = ("fdt", "fdt_addresses", "fdt_ro", "fdt_strerror")


def sources(offline: bool = False) -> Path:
    """The folder of libfdt's sources, fetched if it is not there."""
    folder = CACHE / "libfdt-src"
    if _content(folder) == PINNED:
        return folder
    with cache.locked(CACHE / ".libfdt-src.lock"):
        if _content(folder) != PINNED:
            _fetch(folder, offline)
    return folder


@functools.cache
def library(arch: str, kind: newlib.Kind = "hyp", offline: bool = False) -> Library:
    """libfdt.a for `arch`, and its headers, over the hypervisor's or the unikernels' libc."""
    folder = sources(offline)
    libc = newlib.library(arch, kind)
    key = cache.digest([arch, PINNED, libc.archive.parent.name, Path(__file__)])

    def make(growing: Path) -> None:
        flags = [*toolchain.TARGET[arch], *toolchain.CODE, "-w"]
        if kind == "hyp":
            # It runs once, with the MMU on: loads of one cell need no four of bytes.
            flags += (*toolchain.NO_FP[arch], "-Oz", LATEST_ONLY)
        flags += ["-isystem", str(libc.include), "-I", str(folder)]
        units = [Unit(folder / f"{name}.c") for name in SOURCES]
        archive(units, tuple(flags), growing / "libfdt.a")

    made = cache.made(f"libfdt-{arch}-{kind}", key, make)
    return Library(made / "libfdt.a", folder)


def _content(folder: Path) -> str:
    if not folder.is_dir():
        return ""
    parts: list[str | Path] = []
    for path in sorted(folder.glob("*.[ch]")):
        parts += [path.name, path]
    return cache.digest(parts)


def _fetch(folder: Path, offline: bool) -> None:
    with tempfile.TemporaryDirectory(dir=CACHE, prefix=".linux-source.") as place:
        package = download(PACKAGE, Path(place), offline)
        growing = Path(place) / "libfdt-src"
        growing.mkdir()
        _stream(package, growing)
        content = _content(growing)
        if content != PINNED:
            raise Failure(
                Exit.MISSING,
                f"libfdt in {package.name} is not the one that is pinned: its hash is {content},"
                " expected " + PINNED,
            )
        for old in folder.glob("*"):
            old.unlink()
        folder.mkdir(exist_ok=True)
        for path in growing.iterdir():
            path.rename(folder / path.name)


def _stream(package: Path, target: Path) -> None:
    """Takes the folder out of the archive in the package, unpacking no more than it must."""
    outer = subprocess.Popen(["dpkg-deb", "--fsys-tarfile", str(package)], stdout=subprocess.PIPE)
    assert outer.stdout is not None
    try:
        with tarfile.open(fileobj=outer.stdout, mode="r|") as packed:
            for member in packed:
                if member.name == INNER:
                    inner = packed.extractfile(member)
                    assert inner is not None
                    _take(inner, target)
                    return
    finally:
        outer.kill()
        outer.wait()
        outer.stdout.close()
    raise Failure(Exit.MISSING, f"{package.name} holds no {INNER}")


def _take(inner: IO[bytes], target: Path) -> None:
    """Copies FOLDER's .c and .h files out of a stream of a .tar.xz; stops behind the folder."""
    found = False
    with tarfile.open(fileobj=inner, mode="r|xz") as tar:
        for member in tar:
            inside = FOLDER in member.name
            if inside and member.isfile() and member.name.endswith((".c", ".h")):
                stream = tar.extractfile(member)
                assert stream is not None
                (target / Path(member.name).name).write_bytes(stream.read())
                found = True
            elif found and not inside:
                return
