# SPDX-License-Identifier: Apache-2.0
"""Descriptors and control words, from values that were made by hand from the manual's figures."""

from __future__ import annotations

import struct

import pytest

from gen.audit import arm
from gen.audit.walk import walk

NORMAL_RWX_BLOCK = 0x4000_07FD  # MemAttr 1111, S2AP 11, SH 11, AF, block
DEVICE_PAGE = 0x0040_0000_0900_04C7  # XN, AF, S2AP 11, MemAttr 0001, page


def test_stage2() -> None:
    ram = arm.stage2_leaf(NORMAL_RWX_BLOCK, 2)
    assert (ram.base, ram.memory, ram.access) == (0x4000_0000, "normal", "rwx")
    device = arm.stage2_leaf(DEVICE_PAGE, 3)
    assert (device.base, device.memory, device.access) == (0x900_0000, "device", "rw")


@pytest.mark.parametrize("bit", range(64))
def test_every_bit_counts(bit: int) -> None:
    """Whatever bit of a descriptor changes: it says something else, or it is refused."""
    for entry, level in ((NORMAL_RWX_BLOCK, 2), (DEVICE_PAGE, 3)):
        good = arm.stage2_leaf(entry, level)
        try:
            assert arm.stage2_leaf(entry ^ 1 << bit, level) != good
        except arm.Malformed:
            pass


def test_stage1() -> None:
    text = arm.stage1_leaf(0x4020_07C7, 3)  # AttrIndx 1, AP 11, SH 11, AF
    assert (text.access, text.memory) == ("rx", "normal")
    for bit in range(64):
        try:
            assert arm.stage1_leaf(0x4020_07C7 ^ 1 << bit, 3) != text
        except arm.Malformed:
            pass


def test_tables() -> None:
    assert arm.next_table(0x4020_1003, 1) == 0x4020_1000
    assert arm.next_table(0x4020_1001, 1) is None
    with pytest.raises(arm.Malformed):
        arm.next_table(0x4020_1003 | 1 << 63, 1)


def test_control() -> None:
    vtcr = 1 << 31 | 2 << 16 | 0x3500 | 1 << 6 | 32  # PS 40 bits, level 1, 32 bits
    control = arm.stage2_control(vtcr)
    assert (control.ipa_bits, control.start_level, control.root_entries) == (32, 1, 4)
    larger = (vtcr ^ 6 << 16) - 10  # PS 44 bits, 42 bits of IPA: 8 tables in a row
    assert arm.stage2_control(larger).root_entries == 8 * 512
    for wrong in (vtcr ^ 1 << 31, vtcr | 1 << 14, vtcr | 1 << 21, vtcr - 12, vtcr | 0xC0):
        with pytest.raises(arm.Malformed):
            arm.stage2_control(wrong)


def test_range() -> None:
    assert [arm.pa_range(bits) for bits in (32, 35, 36, 40, 47, 48, 52)] == [0, 0, 1, 2, 4, 5, 6]


CONTIGUOUS = 1 << 52


def map_pages(entries: list[int], count: int = 512) -> list[str]:
    """Problems of a level-3 table of `count` entries with these at its begin."""
    table = struct.pack("<512Q", *entries, *([0] * (512 - len(entries))))
    return walk(lambda at, size: table[:size], 0x1000, 3, count, arm.stage2_leaf).problems


def test_contiguous() -> None:
    page = DEVICE_PAGE | CONTIGUOUS
    group = [page + 0x1000 * number for number in range(16)]
    assert map_pages(group) == []
    assert map_pages(group[:15])
    assert map_pages(group[:8], 8)  # a root with less
    assert map_pages([*group[:15], group[15] ^ CONTIGUOUS])
    assert map_pages([*group[:15], group[15] + 0x1000])
    assert map_pages([0, *group])
