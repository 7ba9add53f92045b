# SPDX-License-Identifier: Apache-2.0
"""What is in a linked ELF64 file, little-endian (ELF-64 Object File Format 1.5)."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

_HEADER = struct.Struct("<16sHHIQQQIHHHHHH")
_SECTION = struct.Struct("<IIQQQQIIQQ")
_SEGMENT = struct.Struct("<IIQQQQQQ")
_SYMBOL = struct.Struct("<IBBHQQ")
_SYMTAB = 2
MAGIC = b"\x7fELF"
_NO_BITS = 8
_UNDEFINED = 0
_ABSOLUTE = 0xFFF1
LOAD = 1
EXECUTE, WRITE, READ = 1, 2, 4  # p_flags
FUNCTION = 2  # st_info's type


@dataclass(frozen=True)
class Symbol:
    """One that is defined."""

    name: str
    value: int
    size: int
    type: int
    section: int

    @property
    def is_absolute(self) -> bool:
        return self.section == _ABSOLUTE


@dataclass(frozen=True)
class Segment:
    """A program header with what it loads."""

    type: int
    flags: int
    address: int  # virtual
    physical: int
    size: int  # in memory
    data: bytes

    @property
    def end(self) -> int:
        return self.address + self.size


@dataclass(frozen=True)
class Section:
    name: str
    address: int
    size: int
    data: bytes


def symbols(path: Path) -> dict[str, int]:
    """Name to value of every symbol that is defined."""
    return {symbol.name: symbol.value for symbol in symbol_table(path.read_bytes())}


def symbol_table(data: bytes) -> list[Symbol]:
    """Every symbol that is defined and has a name, in the file's order."""
    sections = _sections(data)
    found: list[Symbol] = []
    for _, kind, _, _, offset, size, link, _, _, _ in sections:
        if kind != _SYMTAB:
            continue
        names = sections[link][4]
        table = data[offset : offset + size - size % _SYMBOL.size]
        for name, info, _, section, value, length in _SYMBOL.iter_unpack(table):
            if section != _UNDEFINED and name:
                found.append(Symbol(_text(data, names + name), value, length, info & 0xF, section))
    return found


def entry(data: bytes) -> int:
    """Where the file says that it starts."""
    return int(_header(data)[4])


def segments(data: bytes) -> list[Segment]:
    """All program headers, in the file's order."""
    header = _header(data)
    offset, size, count = header[5], header[9], header[10]
    found = []
    for index in range(count):
        kind, flags, start, address, physical, filed, memory, _ = _SEGMENT.unpack_from(
            data, offset + index * size
        )
        if start + filed > len(data):
            raise ValueError(f"segment {index} is not all in the file")
        content = data[start : start + filed]
        found.append(Segment(kind, flags, address, physical, memory, content))
    return found


def sections(data: bytes) -> list[Section]:
    table = _sections(data)
    names = table[_header(data)[13]][4]
    return [
        Section(
            _text(data, names + name),
            address,
            size,
            b"" if kind == _NO_BITS else data[offset : offset + size],
        )
        for name, kind, _, address, offset, size, _, _, _, _ in table
    ]


def _header(data: bytes) -> tuple[int, ...]:
    header = _HEADER.unpack_from(data)
    if header[0][:6] != b"\x7fELF\x02\x01":
        raise ValueError("not an ELF64 file, little-endian")
    return header


def _sections(data: bytes) -> list[tuple[int, ...]]:
    header = _header(data)
    offset, size, count = header[6], header[11], header[12]
    return [_SECTION.unpack_from(data, offset + index * size) for index in range(count)]


def _text(data: bytes, at: int) -> str:
    return data[at : data.index(b"\0", at)].decode()
