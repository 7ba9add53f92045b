# SPDX-License-Identifier: Apache-2.0
"""Sizes of a finished image, read from its ELF file."""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from pathlib import Path

_SECTION = struct.Struct("<IIQQQQIIQQ")
_ALLOCATED = 2
_PACKED = "packed"  # guests' pristine images


@dataclass(frozen=True)
class Section:
    base: int
    size: int


def sections(elf: Path) -> dict[str, Section]:
    """Every section that is in memory, names without their dot."""
    data = elf.read_bytes()
    (offset,) = struct.unpack_from("<Q", data, 0x28)
    entry_size, count, names_index = struct.unpack_from("<HHH", data, 0x3A)
    entries = [_SECTION.unpack_from(data, offset + n * entry_size) for n in range(count)]
    names = entries[names_index][4]
    found = {}
    for entry in entries:
        if entry[2] & _ALLOCATED:
            start = names + entry[0]
            name = data[start : data.index(b"\0", start)].decode().removeprefix(".")
            found[name] = Section(entry[3], entry[5])
    return found


def sizes(folder: Path) -> dict[str, float]:
    """Bytes by section; `code`: text and rodata without page tables and guests; `ram`: all that the
    hypervisor takes, padding too, beyond guests and their pristine copies."""
    found = sections(folder / "firmware.elf")
    base = min(section.base for section in found.values())
    end = max(section.base + section.size for section in found.values())
    packed = found[_PACKED].size if _PACKED in found else 0
    bytes_: dict[str, float] = {name: section.size for name, section in found.items()}
    code = bytes_["text"] + bytes_["rodata"]
    return {**bytes_, "code": code, "ram": end - base - packed}


def mmio_rows(folder: Path) -> int:
    """Dispatch rows of the first VM."""
    vm = json.loads((folder / "report.json").read_text())["vms"][0]
    return sum(entry["kind"] == "emulated" for entry in vm["map"])
