# SPDX-License-Identifier: Apache-2.0
"""Where the scalars of a C array of structs stand in an ELF, by its debug information (DWARF)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from elftools.dwarf.die import DIE
from elftools.elf.elffile import ELFFile

TRANSPARENT = ("DW_TAG_const_type", "DW_TAG_typedef", "DW_TAG_volatile_type")


@dataclass(frozen=True)
class Scalar:
    """One integer, enumeration or pointer of an object, `offset` bytes from the object's start."""

    path: str  # "[2].arch.vttbr"
    offset: int
    size: int
    pointer: bool


class Structs:
    """The variables that an ELF has debug information about."""

    def __init__(self, elf: ELFFile) -> None:
        self._kinds: dict[str, DIE] = {}
        for unit in elf.get_dwarf_info().iter_CUs():
            for die in unit.get_top_DIE().iter_children():
                if die.tag == "DW_TAG_variable" and "DW_AT_type" in die.attributes:
                    kind = die.get_DIE_from_attribute("DW_AT_type")
                    if kind.tag != "DW_TAG_array_type" or _array_count(kind) is not None:
                        self._kinds.setdefault(_name(die), kind)

    @cache
    def scalars(self, variable: str) -> tuple[Scalar, ...]:
        """All scalars of a variable, in the order of their offsets. KeyError: no such variable."""
        return tuple(_scalars(self._kinds[variable], "", 0))


def _scalars(kind: DIE, path: str, offset: int) -> Iterator[Scalar]:
    while kind.tag in TRANSPARENT:
        kind = kind.get_DIE_from_attribute("DW_AT_type")
    if kind.tag == "DW_TAG_array_type":
        element = kind.get_DIE_from_attribute("DW_AT_type")
        size = _size(element)
        for index in range(_array_count(kind) or 0):
            yield from _scalars(element, f"{path}[{index}]", offset + index * size)
    elif kind.tag == "DW_TAG_structure_type":
        for member in kind.iter_children():
            at = offset + int(member.attributes["DW_AT_data_member_location"].value)
            inner = member.get_DIE_from_attribute("DW_AT_type")
            yield from _scalars(inner, f"{path}.{_name(member)}", at)
    else:
        yield Scalar(path, offset, _size(kind), kind.tag == "DW_TAG_pointer_type")


def _size(kind: DIE) -> int:
    while kind.tag in TRANSPARENT:
        kind = kind.get_DIE_from_attribute("DW_AT_type")
    if kind.tag == "DW_TAG_array_type":
        return (_array_count(kind) or 0) * _size(kind.get_DIE_from_attribute("DW_AT_type"))
    if kind.tag == "DW_TAG_pointer_type":
        return 8
    return int(kind.attributes["DW_AT_byte_size"].value)


def _array_count(kind: DIE) -> int | None:
    count = 1
    for bound in kind.iter_children():
        if "DW_AT_count" not in bound.attributes:
            return None
        count *= int(bound.attributes["DW_AT_count"].value)
    return count


def _name(die: DIE) -> str:
    attribute = die.attributes.get("DW_AT_name")
    return attribute.value.decode() if attribute else ""
