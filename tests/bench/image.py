# SPDX-License-Identifier: Apache-2.0
"""Sizes of a finished image, read from its ELF file."""

from __future__ import annotations

import json
import struct
from pathlib import Path

_SECTION = struct.Struct("<IIQQQQIIQQ")
_ALLOCATED = 2
_PACKED = "packed"  # guests' pristine images
_TABLES = "tables"  # page tables


def sections(elf: Path) -> dict[str, int]:
    """Bytes of every section that is in memory, names without their dot."""
    data = elf.read_bytes()
    (offset,) = struct.unpack_from("<Q", data, 0x28)
    entry_size, count, names_index = struct.unpack_from("<HHH", data, 0x3A)
    entries = [_SECTION.unpack_from(data, offset + n * entry_size) for n in range(count)]
    names = entries[names_index][4]
    found = {}
    for entry in entries:
        if entry[2] & _ALLOCATED:
            start = names + entry[0]
            found[data[start : data.index(b"\0", start)].decode().removeprefix(".")] = entry[5]
    return found


def sizes(folder: Path) -> dict[str, float]:
    """By section; `code`: text and rodata without page tables and guests; `ram`: all that the
    hypervisor takes beyond guests and their pristine copies."""
    found = sections(folder / "firmware.elf")
    total = sum(found.values())
    code = found["text"] + found["rodata"]
    return {**found, "code": code, "ram": total - found.get(_PACKED, 0)}


def mmio_rows(folder: Path) -> int:
    """Dispatch rows of the first VM."""
    vm = json.loads((folder / "report.json").read_text())["vms"][0]
    return sum(entry["kind"] == "emulated" for entry in vm["map"])
