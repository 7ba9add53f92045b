# SPDX-License-Identifier: Apache-2.0
"""Which cores need what against speculation, and what an image has for those of its board."""

from __future__ import annotations

from dataclasses import astuple

import pytest

from gen.diagnostics import NOWHERE, Report
from gen.plan.cores import CORES, UNKNOWN, core, core_symbols
from gen.read.board_file import load_board

IN_ORDER = ("arm,cortex-a34", "arm,cortex-a35", "arm,cortex-a53", "arm,cortex-a55")


def test_parts_are_told_apart() -> None:
    parts = [known.part for known in CORES.values()]
    assert len(set(parts)) == len(parts)
    assert core("arm,cortex-a72").midr == 0x410F_D083 & 0xFF00_FFF0


def test_those_in_order_need_nothing() -> None:
    assert [name for name, known in CORES.items() if not known.speculates] == list(IN_ORDER)
    assert all(CORES[name].branches == 0 for name in IN_ORDER)


def test_nobody_is_better_than_the_unknown() -> None:
    """What is not known is taken for weak in all, with the longest loop, and for any type of CPU."""
    assert core("vendor,core") is UNKNOWN and UNKNOWN.midr == 0
    for known in CORES.values():
        pairs = zip(astuple(known)[1:], astuple(UNKNOWN)[1:])
        assert all(mine <= theirs for mine, theirs in pairs)


def test_history_needs_a_way() -> None:
    """Without a loop only firmware helps, which two cores are known for."""
    alone = [name for name, known in CORES.items() if known.history and not known.branches]
    assert alone == ["arm,cortex-a73", "arm,cortex-a75"]
    assert all(known.history or not known.branches for known in CORES.values())


@pytest.mark.parametrize(
    ("name", "speculation", "ras"),
    [
        ("qemu-virt-aarch64", False, False),
        ("zcu102", False, False),
        ("rpi4", True, False),
        ("rk3399", True, False),
        ("qemu-sbsa-ref", True, True),
    ],
)
def test_of_boards(name: str, speculation: bool, ras: bool) -> None:
    board = load_board(name, None, Report(), NOWHERE)
    assert board is not None
    assert core_symbols(board) == {"ARCH_SPECULATION": speculation, "ARCH_RAS": ras}
