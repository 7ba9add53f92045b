# SPDX-License-Identifier: Apache-2.0
"""Single defects of a good firmware.elf, each of which an audit must reject.

Written from the Arm ARM (DDI 0487, D8.3: descriptors) and gen/rows.h, apart from gen/audit: shared
ideas about the image would hide shared mistakes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from elftools.elf.elffile import ELFFile
from tests.audit.structs import Scalar, Structs

ADDRESS = ((1 << 48) - 1) & ~0xFFF
ROOT = (1 << 48) - 1  # VTTBR_EL2.BADDR: a short root needs less than a page
LEVEL_SHIFT = {1: 30, 2: 21, 3: 12}
ENTRIES = 512

# Bits that a leaf means something by, beside its address (D8.3.2).
STAGE2_LEAF = (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 52, 53, 54)
EL2_LEAF = (0, 1, 2, 3, 4, 6, 7, 8, 9, 10, 52, 54)
TABLE = (0, 1)
# What EL2's table descriptors take away from all below them: APTable[1], XNTable.
EL2_TABLE = TABLE + (60, 62)
# Where in its own RAM a VM's image goes is no matter of isolation: these go far away only.
OWN_PLACES = (".target.addr",)
# A page or block that everything may be done with, by stage.
OPEN_LEAF = {"stage 2": 0x7FD, "EL2": 0x745}

# Scalars that isolation stands on: struct array of the image, and its members. The arrays that
# vm_rows and vgic_rows point to are found by their pointers.
OWNERS = {
    "vm_rows": (
        ".arch.vttbr",
        ".arch.vtcr",
        ".vcpu_first",
        ".vcpu_count",
        ".mmio",
        ".mmio_count",
        ".sysreg",
        ".sysreg_count",
        ".ram",
        ".ram_count",
        ".image",
        ".image_count",
    ),
    "vcpu_rows": (".vm", ".pcpu", ".guest_id"),
    "pcpu_rows": (".hardware_id", ".release_address.addr", ".vcpu"),
    "irq_rows": (".owner", ".vm", ".guest_intid"),
    "vgic_rows": (".interrupts", ".spi_owned", ".spi_hardware", ".spi_physical"),
    "channel_rows": (".base.addr", ".size", ".peer_first", ".peer_count"),
    "channel_peer_rows": (".channel", ".vm", ".window.addr", ".writable", ".rings"),
    "vuart_rows": (".vm",),
    "trapped_rows": (".base.addr", ".read_mask", ".write_mask"),
    "monitor_rows": (".vm", ".control_first", ".control_count"),
    "control_rows": (".vm",),
    "watchdog_rows": (".vm",),
}
POINTED = {
    ".mmio": (".base.addr", ".size", ".ops", ".instance"),
    ".sysreg": (".encoding", ".kind"),
    ".ram": (".gpa.addr", ".hpa.addr", ".size"),
    ".image": (".source.addr", ".target.addr", ".size", ".crc32", ".sha256"),
    ".spi_owned": ("",),
    ".spi_hardware": ("",),
    ".spi_physical": ("",),
}


@dataclass(frozen=True)
class Mutant:
    """Bytes of the file that are others than in the good one."""

    kind: str  # what sort of defect, "stage 2 leaf", "vcpu_rows.pcpu"...
    what: str
    patches: tuple[tuple[int, bytes], ...]  # offset, bytes

    def applied(self, image: bytes) -> bytes:
        changed = bytearray(image)
        for offset, patch in self.patches:
            changed[offset : offset + len(patch)] = patch
        return bytes(changed)


def number(offset: int, size: int, value: int) -> tuple[int, bytes]:
    """The patch that puts a number."""
    return offset, value.to_bytes(size, "little")


class Image:
    """A finished ELF by addresses and names."""

    def __init__(self, path: Path) -> None:
        self.data = path.read_bytes()
        elf = ELFFile(path.open("rb"))
        self.structs = Structs(elf)
        table = elf.get_section_by_name(".symtab")
        self.symbols = {s.name: int(s["st_value"]) for s in table.iter_symbols() if s.name}
        self.sizes = {s.name: int(s["st_size"]) for s in table.iter_symbols() if s.name}
        self.names = {
            int(s["st_value"]): s.name
            for s in table.iter_symbols()
            if s.name and s["st_info"]["type"] == "STT_OBJECT"
        }
        self.loads = [
            (int(s["p_paddr"]), int(s["p_filesz"]), int(s["p_offset"]))
            for s in elf.iter_segments()
            if s["p_type"] == "PT_LOAD"
        ]

    def offset(self, address: int) -> int:
        for base, size, offset in self.loads:
            if base <= address < base + size:
                return offset + address - base
        raise ValueError(f"{address:#x} is not in the file")

    def read(self, address: int, size: int) -> int:
        offset = self.offset(address)
        return int.from_bytes(self.data[offset : offset + size], "little")


def mutants(path: Path) -> list[Mutant]:
    """All of them, each different from the good image."""
    image = Image(path)
    found = [*_of_tables(image), *_of_rows(image), *_of_guests(image)]
    unique = {m.patches: m for m in found}
    return list(unique.values())


def sample(found: list[Mutant], count: int) -> list[Mutant]:
    """About `count` of them: as many of each kind, spread over where they are."""
    kinds: dict[str, list[Mutant]] = {}
    for mutant in found:
        kinds.setdefault(mutant.kind, []).append(mutant)
    left = count
    chosen = []
    for number, same in enumerate(sorted(kinds.values(), key=len)):
        share = min(len(same), left // (len(kinds) - number))
        chosen += [same[index * len(same) // share] for index in range(share)]
        left -= share
    return chosen


# Translation tables


def _of_tables(image: Image) -> Iterator[Mutant]:
    seen: set[int] = set()
    for member in image.structs.scalars("vm_rows"):
        if member.path.endswith(".arch.vttbr"):
            vttbr = image.read(image.symbols["vm_rows"] + member.offset, 8)
            vtcr = image.read(image.symbols["vm_rows"] + member.offset + 8, 8)
            level = 2 - (vtcr >> 6 & 3)
            count = 1 << max(0, 64 - (vtcr & 63) - LEVEL_SHIFT[level])
            yield from _of_table(image, "stage 2", vttbr & ROOT, level, count, seen)
    for root in ("hyp_run_table", "hyp_loader_table"):
        count = image.sizes[root] // 8
        yield from _of_table(image, "EL2", image.symbols[root], 1, count, seen)


def _of_table(
    image: Image, stage: str, table: int, level: int, count: int, seen: set[int]
) -> Iterator[Mutant]:
    """Of the table at an address and of those below it, each once."""
    if table in seen:
        return
    seen.add(table)
    entries = [image.read(table + 8 * index, 8) for index in range(count)]
    valid = [index for index in range(count) if entries[index] & 1]
    leaves = [n for n in valid if level == 3 or not entries[n] & 2]
    tables = [n for n in valid if n not in leaves]
    for index in _spread(leaves):
        bits = STAGE2_LEAF if stage == "stage 2" else EL2_LEAF
        bits += tuple(range(LEVEL_SHIFT[level], 48))
        yield from _flips(image, f"{stage} leaf", table, level, index, bits)
    for index in _spread(tables):
        bits = TABLE if stage == "stage 2" else EL2_TABLE
        yield from _flips(image, f"{stage} table", table, level, index, bits + tuple(range(12, 48)))
    for index in _spread([n for n in range(count) if n not in valid]):
        yield from _opened(image, stage, table, level, index)
    for index in tables:
        yield from _of_table(image, stage, entries[index] & ADDRESS, level + 1, ENTRIES, seen)


def _spread(indexes: list[int]) -> list[int]:
    """The first, the middle and the last."""
    if not indexes:
        return []
    return sorted({indexes[0], indexes[len(indexes) // 2], indexes[-1]})


def _flips(
    image: Image, kind: str, table: int, level: int, index: int, bits: Iterable[int]
) -> Iterator[Mutant]:
    address = table + 8 * index
    entry = image.read(address, 8)
    where = f"{image.names.get(table, hex(table))}[{index}] at level {level}"
    for bit in bits:
        value = entry ^ 1 << bit
        patch = number(image.offset(address), 8, value)
        yield Mutant(kind, f"{where}: bit {bit}", (patch,))


def _opened(image: Image, stage: str, table: int, level: int, index: int) -> Iterator[Mutant]:
    """An entry that maps nothing maps our own text, or the first RAM of a VM."""
    where = f"{image.names.get(table, hex(table))}[{index}] at level {level}"
    ram = next(m for m in image.structs.scalars("vm_rows") if m.path == "[0].ram")
    first = image.read(image.symbols["vm_rows"] + ram.offset, 8)
    hpa = next(m for m in _pointed_scalars(image, first) if m.path == "[0].hpa.addr")
    for what, target in (("us", 0x4020_0000), ("a VM", image.read(first + hpa.offset, 8))):
        aligned = target >> LEVEL_SHIFT[level] << LEVEL_SHIFT[level]
        value = aligned | OPEN_LEAF[stage] | (2 if level == 3 else 0)
        patch = number(image.offset(table + 8 * index), 8, value)
        yield Mutant(f"{stage} hole", f"{where}: maps {what}", (patch,))


# Rows


def _of_rows(image: Image) -> Iterator[Mutant]:
    for name, members in OWNERS.items():
        if name not in image.symbols:
            continue
        start = image.symbols[name]
        for scalar in image.structs.scalars(name):
            member = scalar.path.partition("]")[2]
            if member not in members:
                continue
            if member in POINTED:
                target = image.read(start + scalar.offset, 8)
                yield from _of_pointed(image, f"{name}{scalar.path}", target, POINTED[member])
            yield from _changes(image, f"{name}{member}", f"{name}{scalar.path}", start, scalar)


def _of_pointed(image: Image, whose: str, start: int, members: tuple[str, ...]) -> Iterator[Mutant]:
    if start == 0:
        return
    for scalar in _pointed_scalars(image, start):
        member = scalar.path.partition("]")[2]
        if member.partition("[")[0] in members:
            kind = (
                f"{whose.partition('[')[0]}.{whose.rpartition('.')[2]}[]{member.partition('[')[0]}"
            )
            yield from _changes(image, kind, f"{whose}{scalar.path}", start, scalar)


def _pointed_scalars(image: Image, start: int) -> tuple[Scalar, ...]:
    return image.structs.scalars(image.names[start])


def _changes(image: Image, kind: str, what: str, start: int, scalar: Scalar) -> Iterator[Mutant]:
    address = start + scalar.offset
    good = image.read(address, scalar.size)
    bits = 8 * scalar.size
    if scalar.pointer:
        values = {0, good + 8, image.symbols["bss_start"]}
    elif scalar.path.endswith(OWN_PLACES):
        values = {good ^ 1 << (bits // 2)}
    else:
        values = {good ^ 1, good ^ 1 << (bits // 2), (good + 1) % (1 << bits)}
    for value in sorted(values - {good}):
        patch = number(image.offset(address), scalar.size, value)
        yield Mutant(kind, f"{what}: {value:#x} for {good:#x}", (patch,))


# Guests


def _of_guests(image: Image) -> Iterator[Mutant]:
    """The first, middle and last byte of each packed guest image."""
    for member in image.structs.scalars("vm_rows"):
        if not member.path.endswith(".image"):
            continue
        start = image.read(image.symbols["vm_rows"] + member.offset, 8)
        rows: dict[str, dict[str, int]] = {}
        for scalar in _pointed_scalars(image, start) if start else ():
            row, _, field = scalar.path.partition("]")
            rows.setdefault(row, {})[field] = image.read(start + scalar.offset, scalar.size)
        for fields in rows.values():
            source, size = fields[".source.addr"], fields[".size"]
            for at in {0, size // 2, size - 1}:
                byte = image.read(source + at, 1)
                offset = image.offset(source + at)
                what = f"guest image at {source:#x}: byte {at}"
                yield Mutant("guest image", what, (number(offset, 1, byte ^ 0x10),))
