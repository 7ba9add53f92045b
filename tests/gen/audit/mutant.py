# SPDX-License-Identifier: Apache-2.0
"""A finished image that is changed after it was built."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

from gen.audit.image import Firmware


class Mutant:
    """`good` with changes; what is changed is found by names, as the audit finds it."""

    def __init__(self, good: Firmware, target: Path) -> None:
        self.firmware = good
        self.data = bytearray(good.path.read_bytes())
        self.path = target

    def save(self) -> Path:
        self.path.write_bytes(self.data)
        return self.path

    def at(self, address: int) -> int:
        """Where in the file an address is."""
        offset, count = (
            struct.unpack_from(f, self.data, n)[0] for f, n in (("<Q", 32), ("<H", 56))
        )
        for number in range(count):
            header = struct.unpack_from("<IIQQQQQQ", self.data, offset + number * 56)
            if header[0] == 1 and header[3] <= address < header[3] + header[5]:
                return int(header[2] + address - header[3])
        raise LookupError(f"{address:#x} is not in the file")

    def symbol(self, name: str) -> int:
        return self.firmware.symbols[name]

    def word(self, address: int) -> int:
        return int(struct.unpack_from("<Q", self.data, self.at(address))[0])

    def put(self, address: int, value: int, size: int = 8) -> None:
        start = self.at(address)
        self.data[start : start + size] = value.to_bytes(size, "little")

    def member(self, array: str, index: int, struct_name: str, member: str) -> tuple[int, int]:
        """Address and size of a member of a row."""
        return self.place(self.symbol(array), index, struct_name, member)

    def place(self, base: int, index: int, struct_name: str, member: str) -> tuple[int, int]:
        layout = self.firmware.image.layouts[struct_name]
        found = layout.members[member]
        return base + index * layout.size + found.offset, found.size

    def change(self, array: str | int, index: int, struct_name: str, **members: int) -> None:
        """Sets members of one row of an array, given by name or address."""
        base = self.symbol(array) if isinstance(array, str) else array
        for name, value in members.items():
            address, size = self.place(base, index, struct_name, name)
            self.put(address, value, size)

    def row(self, array: str | int, index: int, struct_name: str) -> Any:
        base = self.symbol(array) if isinstance(array, str) else array
        size = self.firmware.image.layouts[struct_name].size
        return self.firmware.row(struct_name, base + index * size)

    def entry(self, root: int, level: int, address: int, down: int) -> int:
        """The address of the entry of level `down` that translates `address`."""
        shift = {0: 39, 1: 30, 2: 21, 3: 12}
        table = root
        while True:
            place = table + 8 * (address >> shift[level] & (0x1FFF if level == 1 else 511))
            if level == down:
                return place
            table, level = self.word(place) & 0xFFFF_FFFF_F000, level + 1

    def stage2(self, vm: int, gpa: int, level: int) -> int:
        return self.entry(self.symbol(f"vm{vm}_stage2_root"), 1, gpa, level)

    def hyp(self, tree: str, address: int, level: int) -> int:
        return self.entry(self.symbol(f"hyp_{tree}_table"), 1, address, level)
