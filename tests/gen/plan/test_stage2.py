# SPDX-License-Identifier: Apache-2.0
"""Stage-2 tables, walked as the hardware walks them (Arm ARM DDI 0487, D8.2)."""

from __future__ import annotations

import random
from typing import Literal

import pytest

from gen.plan.model import Mapping, Stage2
from gen.plan.stage2 import ATTRIBUTES, address_limit, build, ipa_bits, root_entries, start_level

PAGE = 1 << 12
BLOCK = 1 << 21
GIB = 1 << 30
KINDS: list[tuple[Literal["ram", "device", "channel"], str]] = [
    ("channel", "r"),
    ("channel", "rw"),
    ("device", "r"),
    ("device", "rw"),
    ("ram", "r"),
    ("ram", "rw"),
    ("ram", "rx"),
    ("ram", "rwx"),
]
SHIFT = {0: 39, 1: 30, 2: 21, 3: 12}


def walk(stage2: Stage2, gpa: int) -> tuple[int, str, int] | None:
    """(host address, attributes, size of the entry that maps it), or None: a fault."""
    tables = {table.name: table for table in stage2.tables}
    level, name = stage2.start_level, stage2.root
    while True:
        table = tables[name]
        assert table.level == level
        index = gpa >> SHIFT[level]
        index = index if name == stage2.root else index % 512
        assert index < table.count
        entry = table.entries.get(index)
        if entry is None:
            return None
        if entry[0] == "table":
            assert level < 3
            level, name = level + 1, entry[1]
            continue
        assert entry[0] == ("page" if level == 3 else "block")
        assert level > 0, "level 0 has no blocks"
        host = int(entry[1], 16)
        assert host % (1 << SHIFT[level]) == 0
        return host + gpa % (1 << SHIFT[level]), entry[2], 1 << SHIFT[level]


def random_mappings(source: random.Random, bits: int) -> list[Mapping]:
    mappings: list[Mapping] = []
    at = source.randrange(4) * GIB + source.choice([0, PAGE, BLOCK])
    while len(mappings) < 6:
        size = source.choice([PAGE, 3 * PAGE, BLOCK, BLOCK + PAGE, 5 * BLOCK, GIB, GIB + BLOCK])
        if at + size > 1 << bits:
            break
        delta = source.choice([0, PAGE, BLOCK, GIB, 5 * GIB])
        kind, access = source.choice(KINDS)
        mappings.append(Mapping(at, at + delta, size, kind, access, f"m{len(mappings)}"))
        at += size + source.choice([0, 0, PAGE, BLOCK, 2 * GIB])
    return mappings


def best_entry(mapping: Mapping, gpa: int) -> int:
    """The largest block around gpa that the mapping fills and whose addresses are congruent."""
    for size in (GIB, BLOCK):
        base = gpa - gpa % size
        inside = mapping.gpa <= base and base + size <= mapping.gpa + mapping.size
        if inside and (mapping.hpa - mapping.gpa) % size == 0:
            return size
    return PAGE


@pytest.mark.parametrize("bits", [32, 36, 40, 42, 44, 48])
@pytest.mark.parametrize("seed", range(12))
def test_walk_gives_the_mapping(bits: int, seed: int) -> None:
    source = random.Random(1000 * bits + seed)
    mappings = random_mappings(source, bits)
    stage2 = build(3, bits, mappings)
    assert stage2.vmid == 4
    edges = {0, (1 << bits) - PAGE}
    for mapping in mappings:
        end = mapping.gpa + mapping.size
        edges |= {mapping.gpa, end - PAGE, mapping.gpa - PAGE, end}
        edges |= {mapping.gpa + source.randrange(mapping.size) // PAGE * PAGE for _ in range(20)}
    for gpa in sorted(edge for edge in edges if 0 <= edge < 1 << bits):
        found = walk(stage2, gpa)
        home = [m for m in mappings if m.gpa <= gpa < m.gpa + m.size]
        if not home:
            assert found is None, hex(gpa)
            continue
        mapping = home[0]
        attributes = ATTRIBUTES[mapping.kind, mapping.access]
        assert found == (gpa - mapping.gpa + mapping.hpa, attributes, best_entry(mapping, gpa))


@pytest.mark.parametrize(
    ("bits", "level", "entries"),
    [(32, 1, 4), (36, 1, 64), (39, 1, 512), (40, 1, 1024), (42, 1, 4096), (43, 1, 8192),
     (44, 0, 32), (48, 0, 512)],
)  # fmt: skip
def test_roots(bits: int, level: int, entries: int) -> None:
    """D8.2.2: at most 16 tables side by side; level 0 needs a CPU with 44 bits or more."""
    assert (start_level(bits), root_entries(bits)) == (level, entries)


def test_ipa_size_is_the_smallest_that_the_cpus_have() -> None:
    class Fake:
        def __init__(self, bits: int) -> None:
            self.physical_address_bits = bits

    tops = [(1 << 32, 40, 32), ((1 << 32) + 1, 40, 36), (1 << 40, 40, 40), (1 << 41, 48, 42),
            (1 << 35, 52, 36), ((1 << 36) + 1, 39, 39), (1 << 30, 36, 32)]  # fmt: skip
    for top, physical, expected in tops:
        assert ipa_bits(top, Fake(physical)) == expected  # type: ignore[arg-type]
    assert address_limit(Fake(52)) == 1 << 48  # type: ignore[arg-type]
