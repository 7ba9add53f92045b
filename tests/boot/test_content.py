# SPDX-License-Identifier: Apache-2.0
"""sbom.spdx.json and NOTICE name exactly what is linked: held against symbols of programs and
libraries, which the linker's map, from which they are made, has no part in."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from elftools.elf.elffile import ELFFile

from gen.tool import elf, libfdt, newlib, toolchain
from gen.tool.content import taken
from machine import DEPLOYMENTS, ROOT, build


@pytest.fixture(scope="module")
def folder() -> Path:
    return build(ROOT / "configs/board.toml", "board")


def document(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "sbom.spdx.json").read_text())
    return found


def members(archive: Path) -> dict[str, str]:
    """Global symbol -> the object of the library that defines it."""
    command = [toolchain.NM, "--defined-only", "--extern-only", "--print-file-name", str(archive)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60)
    return {match[2]: match[1] for match in re.finditer(r":(\S+)\.o: \S+ \w (\S+)\n", done.stdout)}


def loaded(file: Path) -> bytes:
    """What the ELF file loads, by another reader than the build's."""
    with file.open("rb") as stream:
        return b"".join(part.data() for part in ELFFile(stream).iter_segments("PT_LOAD"))


def told(folder: Path, program: str, library: str) -> set[str]:
    found = document(folder)
    ids = {package["name"]: package["SPDXID"] for package in found["packages"]}
    (comment,) = [
        link["comment"]
        for link in found["relationships"]
        if link["spdxElementId"] == ids[program] and link["relatedSpdxElement"] == ids[library]
    ]
    return set(comment.removeprefix("of it: ").split(", "))


@pytest.mark.parametrize("program", ["hypervisor", "unikernel ping"])
def test_exactly_what_is_linked(folder: Path, program: str) -> None:
    kind: newlib.Kind = "hyp" if program == "hypervisor" else "guest"
    file = "firmware.elf" if program == "hypervisor" else "unikernels/ping/ping.elf"
    linked = elf.symbols(folder / file).keys()
    for name, library in (
        ("newlib", newlib.library("aarch64", kind)),
        ("libfdt", libfdt.library("aarch64", kind)),
    ):
        owners = members(library.archive)
        by_symbols = {owners[symbol] for symbol in linked & owners.keys()}
        assert told(folder, program, name) == by_symbols and by_symbols


def test_hashes_are_those_of_the_files(folder: Path) -> None:
    hashes = {
        package["name"]: package["checksums"][0]["checksumValue"]
        for package in document(folder)["packages"]
        if "checksums" in package
    }
    files = {"hypervisor": "firmware.elf"}
    files |= {f"unikernel {name}": f"unikernels/{name}/{name}.elf" for name in ("ping", "pong")}
    parts = {name: loaded(folder / file) for name, file in files.items()}
    parts["board"] = (folder / "firmware.bin").read_bytes()
    assert hashes == {name: hashlib.sha256(data).hexdigest() for name, data in parts.items()}


def test_notice_has_debian_s_words(folder: Path) -> None:
    text = (folder / "NOTICE").read_text()
    assert "Red Hat" in text and "Redistribution and use in source and binary forms" in text
    assert "2006-2012 David Gibson, IBM Corporation" in text
    assert (ROOT / "LICENSE").read_text().strip() in text


def test_guests_from_elsewhere_are_told_by_hash() -> None:
    folder = build(DEPLOYMENTS / "u-boot.toml", "u-boot")
    packages = {package["name"]: package for package in document(folder)["packages"]}
    (name,) = [name for name in packages if name.endswith("u-boot.bin")]
    image = Path("/usr/lib/u-boot/qemu_arm64/u-boot.bin").read_bytes()
    assert packages[name]["checksums"][0]["checksumValue"] == hashlib.sha256(image).hexdigest()
    assert name in (folder / "NOTICE").read_text()


def test_what_the_linker_dropped_is_not_told() -> None:
    """Lines of a map: taken, without a byte, debug information."""
    lines = (
        "        40201c3c         40201c3c       24     4         x/libc.a(memchr.o):(.text)",
        "        40201c60         40201c60        0     4         x/libc.a(strlen.o):(.text)",
        "               0                0       30     1         x/libc.a(memmove.o):(.debug_info)",
        "        40201c60         40201c60       24     4         obj/libc-a-memset.o:(.text)",
    )
    assert taken("\n".join(lines)) == {"newlib": ("memchr",)}
