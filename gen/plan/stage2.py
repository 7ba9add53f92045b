# SPDX-License-Identifier: Apache-2.0
"""Stage-2 translation tables (Arm ARM DDI 0487, D8.2 and D8.3; 4 KiB granule)."""

from __future__ import annotations

from collections.abc import Sequence

from gen.plan.model import Mapping, Stage2, Stage2Table
from gen.ranges import PAGE
from gen.read.board import Board

IPA_SIZES = (32, 36, 40, 42, 44, 48)
LEVEL_SHIFT = {0: 39, 1: 30, 2: 21, 3: 12}
TABLE_ENTRIES = 512
MAX_CONCATENATED = 16  # D8.2.2: initial-level tables side by side
LEVEL1_MAX_BITS = 43  # 39 bits a level-1 table, 16 of them
BLOCK_LEVELS = (1, 2)  # level 0 has no blocks with 4 KiB pages

ATTRIBUTES = {
    ("ram", "rwx"): "RAM_RWX",
    ("ram", "rw"): "RAM_RW",
    ("ram", "rx"): "RAM_RX",
    ("ram", "r"): "RAM_R",
    ("channel", "rw"): "RAM_RW",
    ("channel", "r"): "RAM_R",
    ("device", "rw"): "DEVICE_RW",
    ("device", "r"): "DEVICE_R",
}
UNCACHED = "_UNCACHED"


def address_limit(board: Board) -> int:
    """The first guest-physical address that no VM on this board can have."""
    return 1 << min(board.physical_address_bits, IPA_SIZES[-1])


def ipa_bits(top: int, board: Board) -> int:
    """The smallest guest-physical address size that holds [0, top)."""
    limit = address_limit(board).bit_length() - 1
    return min(bits for bits in (*IPA_SIZES, limit) if top <= 1 << bits and bits <= limit)


def start_level(bits: int) -> int:
    """Level 1 where up to 16 concatenated tables suffice (fewer steps a walk), else 0."""
    return 1 if bits <= LEVEL1_MAX_BITS else 0


def root_entries(bits: int) -> int:
    """Entries of the root: part of a table, or up to 16 tables concatenated."""
    entries = 1 << (bits - LEVEL_SHIFT[start_level(bits)])
    assert entries <= TABLE_ENTRIES * MAX_CONCATENATED
    return entries


def build(vm_index: int, bits: int, mappings: Sequence[Mapping]) -> Stage2:
    """Tables for disjoint page-aligned mappings, with the largest blocks that fit."""
    level = start_level(bits)
    root = f"vm{vm_index}_stage2_root"
    builder = _Builder(f"vm{vm_index}_stage2")
    builder.tables[root] = (level, root_entries(bits), {})
    for mapping in mappings:
        builder.fill(root, level, 0, mapping, mapping.gpa, mapping.gpa + mapping.size)
    tables = tuple(
        Stage2Table(name, at, count, entries)
        for name, (at, count, entries) in builder.tables.items()
    )
    return Stage2(bits, level, root, vm_index + 1, tables)


def _attribute(mapping: Mapping) -> str:
    """The end of an ARCH_S2_* macro's name."""
    return ATTRIBUTES[mapping.kind, mapping.access] + ("" if mapping.cached else UNCACHED)


class _Builder:
    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        self.tables: dict[str, tuple[int, int, dict[int, tuple[str, ...]]]] = {}

    def fill(
        self, name: str, level: int, base: int, mapping: Mapping, start: int, end: int
    ) -> None:
        """Enters [start, end) of the mapping into the table `name`, whose entry 0 is at `base`."""
        size = 1 << LEVEL_SHIFT[level]
        entries = self.tables[name][2]
        at = start
        while at < end:
            index = (at - base) // size
            entry_base = base + index * size
            stop = min(end, entry_base + size)
            hpa = mapping.hpa + at - mapping.gpa
            whole = at == entry_base and stop == entry_base + size and hpa % size == 0
            if whole and (level == 3 or level in BLOCK_LEVELS):
                kind = "page" if level == 3 else "block"
                entries[index] = (kind, f"{hpa:#x}", _attribute(mapping))
            else:
                child = self._child(name, index, level + 1, entry_base)
                self.fill(child, level + 1, entry_base, mapping, at, stop)
            at = stop

    def _child(self, name: str, index: int, level: int, base: int) -> str:
        entries = self.tables[name][2]
        if index not in entries:
            child = f"{self.prefix}_l{level}_{base:x}"
            self.tables[child] = (level, TABLE_ENTRIES, {})
            entries[index] = ("table", child)
        return entries[index][1]


def table_bytes(stage2: Stage2) -> int:
    """Memory of all tables, each at least a page as the linker aligns them."""
    return sum(max(table.count * 8, PAGE) for table in stage2.tables)
