# SPDX-License-Identifier: Apache-2.0
"""The symbols of a linked ELF64 file, little-endian (ELF-64 Object File Format 1.5)."""

from __future__ import annotations

import struct
from pathlib import Path

_SECTION = struct.Struct("<IIQQQQIIQQ")
_SYMBOL = struct.Struct("<IBBHQQ")
_SYMTAB = 2
_UNDEFINED = 0


def symbols(path: Path) -> dict[str, int]:
    """Name to value of every symbol that is defined."""
    data = path.read_bytes()
    section_offset = struct.unpack_from("<Q", data, 0x28)[0]
    entry_size, count = struct.unpack_from("<HH", data, 0x3A)
    sections = [_SECTION.unpack_from(data, section_offset + i * entry_size) for i in range(count)]
    found: dict[str, int] = {}
    for _, kind, _, _, offset, size, link, _, _, _ in sections:
        if kind != _SYMTAB:
            continue
        names = sections[link][4]
        for at in range(offset, offset + size, _SYMBOL.size):
            name, _, _, section, value, _ = _SYMBOL.unpack_from(data, at)
            if section != _UNDEFINED and name:
                end = data.index(b"\0", names + name)
                found[data[names + name : end].decode()] = value
    return found
