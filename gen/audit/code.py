# SPDX-License-Identifier: Apache-2.0
"""The hypervisor's instructions as far as stacks are concerned: who calls whom, and what each takes
of the stack (Arm ARM C4.1, C6.2). Read from the image, so assembly and libraries count like C."""

from __future__ import annotations

import struct
from bisect import bisect_right
from dataclasses import dataclass, field

from gen.audit.image import Firmware
from gen.audit.ranges import Span
from gen.tool import elf

SP, FP = 31, 29
_ARGUMENTS = range(8)
_PATCH = "__CortexA53843419_"  # one instruction that the linker moved here, and a way back
VECTORS, VECTOR_COUNT, VECTOR_SIZE = "aarch64_vectors", 16, 0x80


@dataclass
class Function:
    """From one symbol to the next."""

    name: str
    span: Span
    is_c: bool  # typed as a function; else a label of assembly
    frame: int = 0  # all that it ever takes off the stack pointer
    variable: bool = False  # takes an amount that is only known at run time
    switches: bool = False  # puts the stack pointer elsewhere
    has_eret: bool = False
    targets: set[int] = field(default_factory=set)  # addresses that it calls or jumps to
    calls_by_slot: set[int] = field(default_factory=set)  # by a pointer at this offset of a table
    calls_any: bool = False  # by a pointer from elsewhere
    falls_through: bool = False


@dataclass
class Code:
    functions: list[Function]
    taken: set[int]  # functions whose address code computes
    slots: dict[int, set[int]]  # offset in a table of constants: functions that are there

    def at(self, address: int) -> Function:
        place = bisect_right(self.functions, address, key=lambda f: f.span.base) - 1
        return self.functions[place]


def read_code(firmware: Firmware) -> Code:
    text = next(Span(s.address, s.end) for s in firmware.segments if s.flags & elf.EXECUTE)
    section = next(s.section for s in firmware.image.symbol_table if s.type == elf.FUNCTION)
    here = [s for s in firmware.image.symbol_table if s.section == section]
    marks = sorted((s.value, s.name[1]) for s in here if s.name.startswith(("$x", "$d")))
    functions = _functions(here, text)
    taken: set[int] = set()
    starts = {function.span.base for function in functions}
    for function in functions:
        _Reader(firmware, function, marks, starts, taken).read()
        if function.name.startswith(_PATCH):
            function.targets.clear()
    return Code(functions, taken, _slots(firmware, functions, text))


def _functions(symbols: list[elf.Symbol], text: Span) -> list[Function]:
    names: dict[int, elf.Symbol] = {}
    for symbol in symbols:
        if not symbol.name.startswith("$") and text.base <= symbol.value < text.end:
            if symbol.value not in names or symbol.type == elf.FUNCTION:
                names[symbol.value] = symbol
    for vectors in [symbol for symbol in names.values() if symbol.name == VECTORS]:
        for number in range(VECTOR_COUNT):  # each is entered by itself (D1.3.1.5)
            at = vectors.value + number * VECTOR_SIZE
            names[at] = elf.Symbol(f"{VECTORS}+{at - vectors.value:#x}", at, 0, 0, vectors.section)
    starts = sorted(names)
    return [
        Function(names[at].name, Span(at, end), names[at].type == elf.FUNCTION)
        for at, end in zip(starts, [*starts[1:], text.end])
    ]


def _slots(firmware: Firmware, functions: list[Function], text: Span) -> dict[int, set[int]]:
    """Pointers to functions among constants and data, by their offset in their object."""
    entries = {function.span.base for function in functions if function.is_c}
    found: dict[int, set[int]] = {}
    for segment in firmware.segments:
        if segment.flags & elf.EXECUTE or segment.address > firmware.own.end:
            continue
        words = struct.unpack(
            f"<{len(segment.data) // 8}Q", segment.data[: len(segment.data) // 8 * 8]
        )
        places = [
            (segment.address + 8 * n, word)
            for n, word in enumerate(words)
            if text.base <= word < text.end and word in entries
        ]
        for place, word in places:
            found.setdefault(_offset(firmware, place), set()).add(word)
    return found


def _offset(firmware: Firmware, place: int) -> int:
    """Of an address in the object that it is in. Objects that are no operations have the offset -1:
    any call may use them."""
    objects = [
        (symbol.value, symbol.name)
        for symbol in firmware.image.symbol_table
        if symbol.size and symbol.value <= place < symbol.value + symbol.size
    ]
    start, name = max(objects, default=(0, ""))
    if name == "trapped_ops":
        return (place - start) % firmware.image.layouts["vdev_ops"].size
    return place - start if name.endswith("_ops") else -1


class _Reader:
    """Reads one function."""

    def __init__(
        self,
        firmware: Firmware,
        function: Function,
        marks: list[tuple[int, str]],
        starts: set[int],
        taken: set[int],
    ) -> None:
        self.firmware, self.function, self.starts, self.taken = firmware, function, starts, taken
        data = firmware.read(function.span.base, function.span.size)
        places = [mark[0] for mark in marks]
        self.words: list[tuple[int, int]] = []
        for at, (word,) in enumerate(struct.iter_unpack("<I", data)):
            address = function.span.base + 4 * at
            mark = bisect_right(places, address) - 1
            if mark >= 0 and marks[mark][1] == "x":
                self.words.append((address, word))
        self.pages: dict[int, int] = {}  # register: page that ADRP put there
        self.loads: dict[int, set[int]] = {}  # register: offsets that are loaded into it
        self.copies: dict[int, set[int]] = {}  # register: those that are copied into it
        self.literals: dict[int, int] = {}
        self.computed: set[int] = set()  # functions and labels whose address it computes
        self.sums: set[int] = set()  # registers that are the result of adding two

    def read(self) -> None:
        function = self.function
        calls: list[int] = []
        jumps: list[int] = []
        last = 0
        for address, word in self.words:
            last = word
            self._stack(word)
            self._pointers(address, word)
            self._branch(address, word)
            if word & 0xFFFFFC1F == 0xD63F0000:  # BLR
                calls.append(word >> 5 & 31)
            elif word & 0xFFFFFC1F == 0xD61F0000:  # BR
                register = word >> 5 & 31
                if register in self.literals:
                    function.targets.add(self.literals[register])
                elif register not in self.sums:
                    jumps.append(register)
                elif not function.is_c:  # a table of jumps: in C inside the function
                    function.targets |= self.computed
            elif word == 0xD69F03E0:  # ERET
                function.has_eret = True
        for register in [*calls, *jumps]:
            self._indirect(register)
        function.falls_through = bool(self.words) and not _ends(last)

    def _stack(self, word: int) -> None:
        """Every instruction that writes the stack pointer."""
        function = self.function
        immediate = (word >> 10 & 0xFFF) << (12 if word >> 22 & 1 else 0)
        to, source = word & 31, word >> 5 & 31
        if word & 0x7F80001F == 0x5100001F:  # SUB SP, Xn, #imm
            function.frame += immediate if source == SP else 0
            function.switches |= source not in (SP, FP)
        elif word & 0x7F80001F == 0x1100001F:  # ADD SP, Xn, #imm
            function.switches |= source not in (SP, FP)
        elif word & 0x3FE0001F == 0x0B20001F or word & 0x1F80001F == 0x1200001F:
            # ADD and SUB SP, Xn, Xm; AND, ORR, EOR SP, Xn, #imm. Flags set: no SP.
            sets_flags = word >> 29 & 3 == 3 if word & 0x1F000000 == 0x12000000 else word >> 29 & 1
            function.variable |= not sets_flags and to == SP
        elif source == SP and word & 0x3A800000 == 0x28800000:  # LDP, STP, writeback
            scale = (
                {0: 2, 1: 2, 2: 3}.get(word >> 30, 4) if not word >> 26 & 1 else 2 + (word >> 30)
            )
            offset = _signed(word >> 15, 7) << scale
            function.frame += max(-offset, 0)
        elif source == SP and word & 0x3B200400 == 0x38000400:  # LDR, STR, writeback
            function.frame += max(-_signed(word >> 12, 9), 0)

    def _pointers(self, address: int, word: int) -> None:
        """Where the registers of indirect calls come from, and which functions' addresses are
        computed."""
        to, source = word & 31, word >> 5 & 31
        if word & 0x9F000000 == 0x90000000:  # ADRP
            self.pages[to] = (address >> 12 << 12) + (_adr(word) << 12)
        elif word & 0x9F000000 == 0x10000000:  # ADR
            self._take(address + _adr(word))
        elif word & 0xFF800000 == 0x91000000 and source in self.pages:  # ADD Xd, Xn, #imm
            self._take(self.pages[source] + (word >> 10 & 0xFFF))
        elif word & 0xFF000000 == 0x58000000:  # LDR Xt, literal
            place = address + (_signed(word >> 5, 19) << 2)
            value = int.from_bytes(self.firmware.read(place, 8), "little")
            self.literals[to] = value
            self._take(value)
        elif word & 0xFFC00000 == 0xF9400000:  # LDR Xt, [Xn, #imm]
            self._load(to, source, (word >> 10 & 0xFFF) << 3)
        elif word & 0xFEC00000 == 0xA8400000 or word & 0xFFC00000 == 0xA9C00000:  # LDP
            offset = _signed(word >> 15, 7) << 3
            self._load(to, source, offset)
            self._load(word >> 10 & 31, source, offset + 8)
        elif word & 0xFFE0FFE0 == 0xAA0003E0:  # MOV Xd, Xm
            self.copies.setdefault(to, set()).add(word >> 16 & 31)
        elif word & 0xFF000000 == 0x8B000000:  # ADD Xd, Xn, Xm
            self.sums.add(to)

    def _load(self, to: int, source: int, offset: int) -> None:
        """What was kept on the stack may be anything."""
        kept = source in (SP, FP)
        self.loads.setdefault(to, set()).add(-1 if kept else offset)

    def _take(self, address: int) -> None:
        if address in self.starts and address != self.function.span.base:
            self.taken.add(address)
            self.computed.add(address)

    def _branch(self, address: int, word: int) -> None:
        """Direct calls, and jumps out of the function."""
        offset: int | None = None
        if word & 0x7C000000 == 0x14000000:  # B, BL
            offset = _signed(word, 26)
        elif word & 0xFF000010 == 0x54000000 or word & 0x7E000000 == 0x34000000:  # B.cond, CBZ
            offset = _signed(word >> 5, 19)
        elif word & 0x7E000000 == 0x36000000:  # TBZ
            offset = _signed(word >> 5, 14)
        if offset is not None:
            target = address + (offset << 2)
            is_call = word & 0xFC000000 == 0x94000000
            inside = self.function.span.base <= target < self.function.span.end
            if not inside or (is_call and target == self.function.span.base):
                self.function.targets.add(target)

    def _indirect(self, register: int) -> None:
        """What a register that is called may hold: loads into it and into what is copied to it."""
        seen, pending = set(), [register]
        while pending:
            one = pending.pop()
            if one not in seen:
                seen.add(one)
                pending += self.copies.get(one, ())
        offsets = {offset for one in seen for offset in self.loads.get(one, ())}
        if seen & set(_ARGUMENTS) or not offsets or -1 in offsets:
            self.function.calls_any = True
        self.function.calls_by_slot |= offsets - {-1}


def _ends(word: int) -> bool:
    """Whether nothing comes after it: B, BR, RET, ERET, UDF, BRK."""
    return (
        word & 0xFC000000 == 0x14000000
        or word & 0xFF9FFC1F == 0xD61F0000
        or word & 0xFFFFFC1F == 0xD65F0000
        or word == 0xD69F03E0
        or word & 0xFFE0001F == 0xD4200000
        or word >> 16 == 0
    )


def _signed(value: int, bits: int) -> int:
    value &= (1 << bits) - 1
    return value - (value >> bits - 1 << bits)


def _adr(word: int) -> int:
    return _signed((word >> 5 & 0x7FFFF) << 2 | word >> 29 & 3, 21)
