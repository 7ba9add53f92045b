# SPDX-License-Identifier: Apache-2.0
"""The finished firmware.elf: its segments, its symbols and the rows of gen/rows.h. How rows are laid
out the file says itself, in its debug information; the names of structs, members and symbols are the
contract."""

from __future__ import annotations

import hashlib
from functools import cached_property
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from gen.audit.ranges import Span, sized
from gen.tool import elf
from gen.tool.typed import Image

Row = Any  # a SimpleNamespace with the members of its struct

TABLES = "build/gen/tables.c"  # the compilation unit that has the rows, so all their types
_ENUMS = {"irq_owner", "vm_interrupts", "vm_policy", "trapped_rest"}
NONE = 0xFFFF  # -1 in a member of 16 bits


class Firmware:
    """Reading raises ValueError or LookupError where the file is damaged."""

    def __init__(self, path: Path) -> None:
        self.path = path
        data = path.read_bytes()
        self.sha256 = hashlib.sha256(data).hexdigest()
        self.entry = elf.entry(data)
        self.sections = elf.sections(data)
        self.image = Image(path, (TABLES,))
        if not _ENUMS <= self.image.enums.keys():  # link-time optimisation merges types
            self.image = Image(path, ())
        if not _ENUMS <= self.image.enums.keys():
            raise LookupError("the debug information lacks types of gen/rows.h")
        self.symbols = self.image.symbols
        self.segments = [part for part in self.image.segments if part.type == elf.LOAD]
        self._objects: dict[int, list[elf.Symbol]] = {}
        for symbol in self.image.symbol_table:
            if not symbol.name.startswith("$") and not symbol.is_absolute:
                self._objects.setdefault(symbol.value, []).append(symbol)

    def objects_at(self, address: int) -> list[elf.Symbol]:
        """Symbols that begin at an address."""
        return self._objects.get(address, [])

    def object_size(self, address: int) -> int:
        """Of what begins at an address; 0 where nothing does."""
        return max((symbol.size for symbol in self.objects_at(address)), default=0)

    def span(self, first: str, end: str) -> Span:
        """Between two symbols of gen/layout.h."""
        return Span(self.symbols[first], self.symbols[end])

    @cached_property
    def constants(self) -> Span:
        """Read-only data and page tables."""
        return self.span("text_end", "rodata_end")

    @cached_property
    def own(self) -> Span:
        """All memory of the hypervisor itself, packed images included."""
        return self.span("image_start", "image_end")

    def read(self, address: int, size: int) -> bytes:
        return self.image.read(address, size)

    def enum(self, name: str) -> dict[str, int]:
        return self.image.enums[name]

    def row(self, struct: str, address: int) -> Row:
        layout = self.image.layouts[struct]
        return self._row(struct, self.read(address, layout.size))

    def _row(self, struct: str, data: bytes) -> Row:
        row = SimpleNamespace()
        between = bytearray(data)  # what no member has
        for name, member in self.image.layouts[struct].members.items():
            end = member.offset + member.size * member.count
            between[member.offset : end] = bytes(end - member.offset)
            part = data[member.offset : member.offset + member.size * member.count]
            value: Any = int.from_bytes(part, "little")
            if member.struct:
                value = self._row(member.struct, part)
            elif member.count > 1:
                value = part
            elif member.size == 1 and value > 1:
                raise ValueError(f"{struct}.{name} is {value:#x}: neither true nor false")
            setattr(row, name, value)
        if any(between):
            raise ValueError(f"a row of struct {struct} has bits between its members")
        return row

    def rows(self, symbol: str, struct: str) -> list[Row]:
        """A whole array of gen/rows.h; empty where the image does without."""
        if symbol not in self.symbols:
            return []
        layout = self.image.layouts[struct]
        size, start = self.image.sizes[symbol], self.symbols[symbol]
        if size % layout.size:
            raise ValueError(f"{symbol} has {size} bytes: no whole number of rows")
        return [self.row(struct, start + at) for at in range(0, size, layout.size)]

    def array(self, pointer: int, count: int, struct: str) -> list[Row]:
        """The rows that a VM's row points at: exactly one object."""
        if not count:
            if pointer:
                raise ValueError(f"{pointer:#x} has no {struct}")
            return []
        size = self.image.layouts[struct].size
        self._check_object(pointer, count * size, struct)
        return [self.row(struct, pointer + number * size) for number in range(count)]

    def numbers(self, pointer: int, count: int, size: int) -> list[int]:
        if not count:
            return []
        self._check_object(pointer, count * size, "array of numbers")
        data = self.read(pointer, count * size)
        return [int.from_bytes(data[at : at + size], "little") for at in range(0, len(data), size)]

    def _check_object(self, pointer: int, size: int, what: str) -> None:
        if all(symbol.size != size for symbol in self.objects_at(pointer)):
            raise ValueError(f"{pointer:#x} is no {what} of {size:#x} bytes")
        if not self.constants.holds(sized(pointer, size)):
            raise ValueError(f"the {what} at {pointer:#x} is not read-only")

    def text(self, pointer: int) -> str:
        return self.image.text(pointer)


class Tables:
    """All rows, with each VM's own arrays in their places. Arrays without rows have one of zeros in
    C: it is left out here."""

    def __init__(self, firmware: Firmware) -> None:
        rows = firmware.rows
        self.firmware = firmware
        self.vms = [_vm(firmware, row) for row in rows("vm_rows", "vm_row")]
        kinds = firmware.symbols["sysreg_kinds"]
        kind_count = firmware.object_size(kinds) // 8
        self.sysreg_kinds = firmware.numbers(kinds, kind_count, 8)
        self.vcpus = rows("vcpu_rows", "vcpu_row")
        self.pcpus = rows("pcpu_rows", "pcpu_row")
        self.irqs = rows("irq_rows", "irq_row")
        self.vgics = [_vgic(firmware, row) for row in rows("vgic_rows", "vgic_row")]
        self.vuarts = [row for row in rows("vuart_rows", "vuart_row") if row.intid]
        self.channels = [row for row in rows("channel_rows", "channel_row") if row.size]
        for row in self.channels:
            row.name = firmware.text(row.name)
        peers = rows("channel_peer_rows", "channel_peer_row")
        self.peers = peers if self.channels else []
        self.ivcs = rows("ivc_rows", "ivc_row") if self.channels else []
        self.monitors = [row for row in rows("monitor_rows", "monitor_row") if row.control_count]
        self.controls = rows("control_rows", "control_row") if self.monitors else []
        self.watchdogs = [row for row in rows("watchdog_rows", "watchdog_row") if row.timeout_ms]
        self.trapped = [row for row in rows("trapped_rows", "trapped_row") if row.base]
        self.eemi_vms = [row for row in rows("eemi_vm_rows", "eemi_vm_row") if row.grant_count]
        self.eemi_grants = rows("eemi_grant_rows", "eemi_grant_row") if self.eemi_vms else []
        self.voices = rows("console_voice_rows", "console_voice_row")
        self.board = firmware.row("board_row", firmware.symbols["board_row"])
        for key in ("ram", "gic"):
            count = getattr(self.board, f"{key}_count")
            spans = firmware.array(getattr(self.board, key), count, "range_row")
            setattr(self.board, key, [sized(span.base, span.size) for span in spans])
        for key in ("name", "gic_compatible", "uart_compatible"):
            setattr(self.board, key, firmware.text(getattr(self.board, key)))
        self.deployment = firmware.text(firmware.symbols["deployment_name"])

    def emulated(self, type_name: str) -> list[Row]:
        """Rows of a type of emulated devices."""
        if f"{type_name}_row" not in self.firmware.image.layouts:
            return []
        return self.firmware.rows(f"{type_name}_rows", f"{type_name}_row")

    @property
    def uart(self) -> Span:
        return sized(self.board.uart.base, self.board.uart.size)

    @property
    def is_gicv3(self) -> bool:
        return bool(self.board.gic_compatible == "arm,gic-v3")

    @property
    def gic(self) -> list[Span]:
        """The registers of the interrupt controller that are the hypervisor's."""
        spans: list[Span] = self.board.gic
        return spans if self.is_gicv3 else spans[:3]

    @property
    def banked(self) -> list[Span]:
        """GICC and GICV of a GICv2, which each CPU has for itself (IHI 0048 5.5)."""
        return [] if self.is_gicv3 else [self.board.gic[1], self.board.gic[3]]

    def takes_interrupts(self, vm: int) -> bool:
        """Whether a VM takes its interrupts itself, by the real CPU interface."""
        values = self.firmware.enum("vm_interrupts")
        return bool(self.vgics[vm].interrupts == values["INTERRUPTS_PASSTHROUGH"])


def _vm(firmware: Firmware, row: Row) -> Row:
    row.name = firmware.text(row.name)
    for kind in ("mmio", "port", "sysreg", "ram", "image"):
        array = firmware.array(getattr(row, kind), getattr(row, f"{kind}_count"), f"{kind}_row")
        setattr(row, kind, array)
    for image in row.image:
        image.name = firmware.text(image.name)
    return row


def _vgic(firmware: Firmware, row: Row) -> Row:
    words = row.spi_count // 32
    if row.spi_count % 32:
        raise ValueError(f"a VM has {row.spi_count} SPIs: no multiple of 32")
    row.spi_owned = _bits(firmware.numbers(row.spi_owned, words, 4))
    row.spi_hardware = _bits(firmware.numbers(row.spi_hardware, words, 4))
    if row.spi_hardware and not row.spi_physical:
        raise ValueError("a VM's linked SPIs have no physical numbers")
    physical = row.spi_count if row.spi_physical else 0
    row.spi_physical = firmware.numbers(row.spi_physical, physical, 2)
    return row


def _bits(words: list[int]) -> set[int]:
    return {32 * at + bit for at, word in enumerate(words) for bit in range(32) if word >> bit & 1}
