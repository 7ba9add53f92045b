# SPDX-License-Identifier: Apache-2.0
"""The longest exits that the report tells are those that are measured."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import worst  # noqa: E402
from stays import Longest  # noqa: E402

ONE = Longest(stays=3, count=100, guest="psci", path={"irq_take": 60, "vgic_enter": 40})


def test_a_longer_exit_is_found() -> None:
    assert worst.longer({"HVC": ONE}, {"HVC": replace(ONE, count=110)}) == []
    assert len(worst.longer({"HVC": ONE}, {"HVC": replace(ONE, count=111)})) == 1
    assert len(worst.longer({"HVC": ONE}, {"SMC": ONE})) == 1


def test_the_longest_of_two_runs() -> None:
    other = replace(ONE, stays=2, count=90, guest="vgic")
    assert ONE.joined(other) == other.joined(ONE) == replace(ONE, stays=5)


def test_the_page_has_the_committed_figures() -> None:
    text = worst.PAGE.read_text()
    assert worst.with_figures(text, worst.read()) == text, "make worst WORST=--update writes them"


def test_committed_paths_are_whole() -> None:
    """Their functions' instructions are all of the longest exit's."""
    found = worst.read()
    assert len(found) >= 8
    for kind, one in found.items():
        assert sum(one.path.values()) == one.count, kind
        assert one.guest in worst.GUESTS


def test_no_exit_is_longer_than_committed() -> None:
    """Of one guest; `make worst` runs all of them. Those exits of its own that are the longest of all
    are about as committed: what counts nothing would find nothing that is longer."""
    guest = "faults"
    committed, found = worst.read(), worst.measure([guest])
    assert worst.longer(committed, found) == []
    own = [kind for kind, one in committed.items() if one.guest == guest]
    assert own
    for kind in own:
        assert found[kind].count > committed[kind].count // 2, kind
