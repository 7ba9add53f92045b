# SPDX-License-Identifier: Apache-2.0
"""Defects of several places at once, in which each place by itself looks good: what belongs to two VMs
is exchanged, or rows and tables are changed alike. Written apart from gen/audit, as mutants.py is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import permutations
from pathlib import Path

from tests.audit.mutants import ADDRESS, ENTRIES, LEVEL_SHIFT, OPEN_LEAF, OWNERS, ROOT
from tests.audit.mutants import Image, Mutant, number

RUN = 16  # entries that the contiguous bit joins (Arm ARM D8.6.1)
CONTIGUOUS = 1 << 52
WRITABLE = 1 << 7  # S2AP[1]


@dataclass(frozen=True)
class Entry:
    """One of a stage-2 table: where it stands, what it translates, what it says."""

    at: int
    level: int
    gpa: int
    value: int

    @property
    def is_leaf(self) -> bool:
        return bool(self.value & 1) and (self.level == 3 or not self.value & 2)

    @property
    def is_table(self) -> bool:
        return self.value & 3 == 3 and self.level < 3

    @property
    def size(self) -> int:
        return 1 << LEVEL_SHIFT[self.level]


def joint_mutants(path: Path) -> list[Mutant]:
    image = Image(path)
    vms = [_entries(image, vm) for vm in range(_count(image, "vm_rows"))]
    found = [*_of_rows(image), *_of_channels(image, vms)]
    for one, other in permutations(range(len(vms)), 2):
        found += [*_of_two(image, vms[one], vms[other]), *_of_two_rows(image, vms, one, other)]
    for entries in vms:
        found += [*_of_blocks(image, entries), *_of_runs(image, entries)]
    unique = {mutant.patches: mutant for mutant in found}
    return list(unique.values())


def _entries(image: Image, vm: int) -> list[Entry]:
    vttbr, vtcr = (_member(image, "vm_rows", vm, f"arch.{name}")[1] for name in ("vttbr", "vtcr"))
    level = 2 - (vtcr >> 6 & 3)
    count = 1 << max(0, 64 - (vtcr & 63) - LEVEL_SHIFT[level])
    return list(_walk(image, vttbr & ROOT, level, count, 0))


def _walk(image: Image, table: int, level: int, count: int, gpa: int) -> Iterator[Entry]:
    for index in range(count):
        at = table + 8 * index
        entry = Entry(at, level, gpa + (index << LEVEL_SHIFT[level]), image.read(at, 8))
        yield entry
        if entry.is_table:
            yield from _walk(image, entry.value & ADDRESS, level + 1, ENTRIES, entry.gpa)


def _count(image: Image, rows: str) -> int:
    paths = [scalar.path for scalar in image.structs.scalars(rows)]
    return 1 + max(int(path[1 : path.index("]")]) for path in paths)


def _member(image: Image, rows: str, index: int, name: str) -> tuple[int, int, int]:
    """(address, value, size) of a member of a row."""
    scalar = next(s for s in image.structs.scalars(rows) if s.path == f"[{index}].{name}")
    address = image.symbols[rows] + scalar.offset
    return address, image.read(address, scalar.size), scalar.size


def _put(image: Image, at: int, value: int, size: int = 8) -> tuple[int, bytes]:
    return number(image.offset(at), size, value)


def _same(image: Image, one: Entry, other: Entry) -> bool:
    """They translate alike: two ends of a channel with the same rights may."""
    if one.is_table and other.is_table:
        a, b = (image.offset(entry.value & ADDRESS) for entry in (one, other))
        return image.data[a : a + 8 * ENTRIES] == image.data[b : b + 8 * ENTRIES]
    return one.value == other.value


def _of_two(image: Image, one: list[Entry], other: list[Entry]) -> Iterator[Mutant]:
    """Of the same level: a VM's entries become another's, or both are exchanged."""
    for level in LEVEL_SHIFT:
        for kind in ("is_leaf", "is_table"):
            mine = [e for e in one if e.level == level and getattr(e, kind)]
            theirs = [e for e in other if e.level == level and getattr(e, kind)]
            free = [e for e in one if e.level == level and not e.value]
            pairs = zip(mine[:2] + mine[-1:], theirs[:2] + theirs[-1:])
            for a, b in ((a, b) for a, b in pairs if not _same(image, a, b)):
                where = f"{a.gpa:#x} and {b.gpa:#x} at level {level}"
                swap = (_put(image, a.at, b.value), _put(image, b.at, a.value))
                yield Mutant("entries exchanged", where, swap)
                yield Mutant("another VM's entry", where, (swap[0],))
            for a, b in zip(free[:1] + free[-1:], theirs[:1] + theirs[-1:]):
                where = f"{a.gpa:#x} shows {b.gpa:#x}, level {level}"
                yield Mutant("another VM's entry", where, (_put(image, a.at, b.value),))


def _of_two_rows(image: Image, vms: list[list[Entry]], one: int, other: int) -> Iterator[Mutant]:
    """Roots exchanged; a VM's first RAM is another's, in rows and tables alike."""
    roots = [_member(image, "vm_rows", vm, "arch.vttbr")[:2] for vm in (one, other)]
    swapped = tuple(
        _put(image, at, mine & ~ROOT | theirs & ROOT)
        for (at, mine), (_, theirs) in zip(roots, reversed(roots))
    )
    yield Mutant("roots exchanged", f"VMs {one} and {other}", swapped)
    rows = [image.names[_member(image, "vm_rows", vm, "ram")[1]] for vm in (one, other)]
    gpa = _member(image, rows[0], 0, "gpa.addr")[1]
    size = _member(image, rows[0], 0, "size")[1]
    place, mine, _ = _member(image, rows[0], 0, "hpa.addr")
    moved = _member(image, rows[1], 0, "hpa.addr")[1] - mine
    leaves = [e for e in vms[one] if e.is_leaf and gpa <= e.gpa < gpa + size]
    patches = [_put(image, leaf.at, leaf.value + moved) for leaf in leaves]
    yield Mutant("RAM of another VM", f"VM {one} has that of {other}", tuple(patches))
    patches.append(_put(image, place, mine + moved))
    yield Mutant("RAM and rows of another VM", f"VM {one} has that of {other}", tuple(patches))


def _of_blocks(image: Image, entries: list[Entry]) -> Iterator[Mutant]:
    """A block of a higher level about what a table maps a part of."""
    for table in (e for e in entries if e.is_table):
        below = _walk(image, table.value & ADDRESS, table.level + 1, ENTRIES, table.gpa)
        leaf = next((e for e in below if e.is_leaf), None)
        if leaf is not None:
            base = (leaf.value & ADDRESS) // table.size * table.size
            where = f"{table.gpa:#x} at level {table.level}"
            block = _put(image, table.at, base | OPEN_LEAF["stage 2"])
            yield Mutant("block over a table", where, (block,))


def _of_runs(image: Image, entries: list[Entry]) -> Iterator[Mutant]:
    """The contiguous bit makes 16 holes, or one of them, the hypervisor's memory."""
    free = {e.at: e for e in entries if not e.value and e.level > 1}
    firsts = [
        at for at in free if at % (8 * RUN) == 0 and all(at + 8 * n in free for n in range(RUN))
    ]
    for at in firsts[:2] + firsts[-2:]:
        first = free[at]
        kind = OPEN_LEAF["stage 2"] | CONTIGUOUS | (2 if first.level == 3 else 0)
        base = image.symbols["image_start"] // (RUN * first.size) * (RUN * first.size)
        run = [_put(image, at + 8 * n, base + n * first.size | kind) for n in range(RUN)]
        where = f"{first.gpa:#x} at level {first.level}"
        yield Mutant("contiguous run", where, tuple(run))
        yield Mutant("contiguous run", f"{where}, the first alone", (run[0],))


def _of_rows(image: Image) -> Iterator[Mutant]:
    """Whole rows of owners exchanged, or one become the other."""
    for name in OWNERS:
        if name not in image.symbols or name in ("vm_rows", "vgic_rows"):  # those point to others
            continue
        count = _count(image, name)
        size = image.sizes[name] // count
        starts = [image.offset(image.symbols[name]) + index * size for index in range(count)]
        rows = [image.data[start : start + size] for start in starts]
        for index in range(count - 1):
            a, b = (starts[index], rows[index + 1]), (starts[index + 1], rows[index])
            if a[1] != b[1]:
                yield Mutant(f"{name} exchanged", f"{index} and the next", (a, b))
                yield Mutant(f"{name} copied", f"{index} is the next", (a,))


def _of_channels(image: Image, vms: list[list[Entry]]) -> Iterator[Mutant]:
    """Who reads writes, or the other way round, in rows and tables alike."""
    if "channel_rows" not in image.symbols or not _member(image, "channel_rows", 0, "size")[1]:
        return
    for peer in range(_count(image, "channel_peer_rows")):
        vm, channel, window = (
            _member(image, "channel_peer_rows", peer, name)[1]
            for name in ("vm", "channel", "window.addr")
        )
        size = _member(image, "channel_rows", channel, "size")[1]
        at, writable, length = _member(image, "channel_peer_rows", peer, "writable")
        patches = [_put(image, at, writable ^ 1, length)]
        for leaf in (e for e in vms[vm] if e.is_leaf and window <= e.gpa < window + size):
            patches.append(_put(image, leaf.at, leaf.value ^ WRITABLE))
        yield Mutant("channel's rights", f"end {peer}", tuple(patches))
