# SPDX-License-Identifier: Apache-2.0
"""C objects of a linked image, read as its own debug information lays them out (DWARF 5): no layout
is written down twice."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from elftools.elf.elffile import ELFFile

from gen.tool import elf

_CODES = {1: "B", 2: "H", 4: "I", 8: "Q"}
_THROUGH = ("DW_TAG_typedef", "DW_TAG_atomic_type", "DW_TAG_const_type", "DW_TAG_volatile_type")


@dataclass(frozen=True)
class Member:
    offset: int
    size: int  # of one element
    count: int  # of an array; 1: none
    struct: str  # the name of the struct that it is; "": a number or a pointer


@dataclass(frozen=True)
class Layout:
    """One struct."""

    size: int
    members: dict[str, Member]

    @cached_property
    def numbers(self) -> struct.Struct:
        """All members of a struct of plain numbers, in their order."""
        code, at = "<", 0
        for member in self.members.values():
            code += f"{member.offset - at}x{_CODES[member.size]}"
            at = member.offset + member.size
        return struct.Struct(f"{code}{self.size - at}x")

    def number(self, data: bytes, name: str, base: int = 0) -> int:
        """One member of the struct at data[base:], which is a number or a pointer."""
        member = self.members[name]
        start = base + member.offset
        return int.from_bytes(data[start : start + member.size], "little")


class Image:
    """`units`: the C files whose types count; none: all."""

    def __init__(self, path: Path, units: tuple[str, ...]) -> None:
        self.layouts: dict[str, Layout] = {}
        self.enums: dict[str, dict[str, int]] = {}
        data = path.read_bytes()
        self.symbol_table = elf.symbol_table(data)
        self.symbols = {symbol.name: symbol.value for symbol in self.symbol_table}
        self.sizes = {symbol.name: symbol.size for symbol in self.symbol_table}
        self.segments = elf.segments(data)
        self._loaded = [
            (part.physical, part.data) for part in self.segments if part.type == elf.LOAD
        ]
        for unit in _units(ELFFile(io.BytesIO(data)).get_dwarf_info(), set(units)):
            self._add_types(unit)

    def _add_types(self, unit: Any) -> None:
        for die in unit.iter_DIEs():
            if (
                die.tag == "DW_TAG_structure_type"
                and _name(die)
                and "DW_AT_byte_size" in die.attributes
            ):
                self.layouts[_name(die)] = _layout(die)
            elif die.tag == "DW_TAG_enumeration_type" and _name(die):
                self.enums[_name(die)] = {
                    _name(child): child.attributes["DW_AT_const_value"].value
                    for child in die.iter_children()
                }

    def read(self, address: int, size: int) -> bytes:
        """Constants, as they are linked."""
        for base, data in self._loaded:
            if base <= address and address + size <= base + len(data):
                return bytes(data[address - base : address - base + size])
        raise ValueError(f"{address:#x} is not in the image")

    def pointers(self, address: int, count: int) -> tuple[int, ...]:
        return struct.unpack(f"<{count}Q", self.read(address, 8 * count))

    def text(self, address: int) -> str:
        """A string; "" for a null pointer."""
        found = b""
        while address and not found.endswith(b"\0"):
            found += self.read(address + len(found), 1)
        return found[:-1].decode()


def _units(dwarf: Any, wanted: set[str]) -> Iterator[Any]:
    """The compilation units of these names. In the order of the link, where generated files come
    first, because to look at each is slow."""
    data = dwarf.debug_info_sec.stream.getvalue()
    starts, at = [], 0
    every = not wanted
    while at < len(data):
        starts.append(at)
        at += 4 + int.from_bytes(data[at : at + 4], "little")  # unit_length (DWARF 5, 7.5.1)
    for start in starts:
        if not wanted and not every:
            break
        unit = dwarf.get_CU_at(start)
        name = _name(unit.get_top_DIE())
        if name in wanted or every:
            wanted.discard(name)
            yield unit


def _name(die: Any) -> str:
    attribute = die.attributes.get("DW_AT_name")
    return str(attribute.value.decode()) if attribute else ""


def _layout(die: Any) -> Layout:
    members = {}
    for child in die.iter_children():
        if child.tag == "DW_TAG_member" and _name(child):
            offset = child.attributes["DW_AT_data_member_location"].value
            members[_name(child)] = _member(offset, child)
    return Layout(die.attributes["DW_AT_byte_size"].value, members)


def _member(offset: int, die: Any) -> Member:
    kind = _plain(die)
    if kind.tag == "DW_TAG_array_type":
        count = next(_dimensions(kind), 0)  # 0: a flexible array
        element = _plain(kind)
        return Member(offset, _size(element), count, _struct_name(element))
    return Member(offset, _size(kind), 1, _struct_name(kind))


def _plain(die: Any) -> Any:
    """The type of a member or of an array's elements, without its qualifiers and other names."""
    kind = die.get_DIE_from_attribute("DW_AT_type")
    while kind.tag in _THROUGH and "DW_AT_type" in kind.attributes:
        kind = kind.get_DIE_from_attribute("DW_AT_type")
    return kind


def _dimensions(array: Any) -> Iterator[int]:
    for child in array.iter_children():
        if "DW_AT_count" in child.attributes:
            yield int(child.attributes["DW_AT_count"].value)
        elif "DW_AT_upper_bound" in child.attributes:
            yield int(child.attributes["DW_AT_upper_bound"].value) + 1


def _size(kind: Any) -> int:
    return 8 if kind.tag == "DW_TAG_pointer_type" else int(kind.attributes["DW_AT_byte_size"].value)


def _struct_name(kind: Any) -> str:
    return _name(kind) if kind.tag == "DW_TAG_structure_type" else ""
