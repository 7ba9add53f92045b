# SPDX-License-Identifier: Apache-2.0
"""Merging of passthrough windows, against an oracle that thinks in single pages."""

from __future__ import annotations

import random

import pytest

from gen.diagnostics import NOWHERE, Report
from gen.plan.passthrough import Window, merge, page_window
from gen.ranges import PAGE

LIMIT = 1 << 40


def pages_of(windows: list[Window]) -> dict[int, set[tuple[int, str]]]:
    """Guest page number to all (host page number, access) that someone wants there."""
    wanted: dict[int, set[tuple[int, str]]] = {}
    for window in windows:
        first = window.gpa // PAGE
        last = (window.gpa + window.size - 1) // PAGE
        for page in range(first, last + 1):
            host = window.hpa // PAGE + page - first
            wanted.setdefault(page, set()).add((host, window.access))
    return wanted


def random_windows(source: random.Random) -> list[Window]:
    windows = []
    for number in range(source.randint(1, 8)):
        offset = source.choice([0, 0, 0x10, 0xFF0])
        gpa = source.randrange(24) * PAGE + offset
        delta = source.choice([0, 0, 0, 64 * PAGE])
        size = source.choice([1, 16, PAGE - 1, PAGE, PAGE + 1, 3 * PAGE])
        access = source.choice(["rw", "rw", "rw", "r", "w"])
        windows.append(Window(gpa, gpa + delta, size, f"w{number}", access))
    return windows


@pytest.mark.parametrize("seed", range(400))
def test_merge_is_the_union_of_pages(seed: int) -> None:
    windows = random_windows(random.Random(seed))
    report = Report()
    rounded = [page_window(window, LIMIT, report) for window in windows]
    assert not report.found
    merged = merge([window for window in rounded if window is not None], report)
    wanted = pages_of(windows)
    conflict = any(len(targets) > 1 for targets in wanted.values())
    assert bool(report.errors) == conflict
    if not conflict:
        assert pages_of(list(merged)) == wanted
    for one, other in zip(merged, merged[1:]):
        assert one.gpa + one.size <= other.gpa
        touching = one.gpa + one.size == other.gpa
        same = one.delta == other.delta and one.access == other.access
        assert not (touching and same), "neighbours that agree are one window"


def test_the_last_page_is_not_lost() -> None:
    window = page_window(Window(0x1FF0, 0x5FF0, 0x20, "x"), LIMIT, Report())
    assert window == Window(0x1000, 0x5000, 0x2000, "x", "rw", NOWHERE)


def test_owners_are_all_named_once() -> None:
    windows = [Window(0, 0, PAGE, "a"), Window(PAGE, PAGE, PAGE, "b"), Window(0, 0, PAGE, "a")]
    assert [window.owner for window in merge(windows, Report())] == ["a + b"]


@pytest.mark.parametrize("seed", range(200))
def test_attributes_decide_only_where_windows_meet(seed: int) -> None:
    """The order in which windows come changes nothing; windows apart keep their attributes; a window
    that touches one with another attribute stays a window of its own."""
    source = random.Random(seed)
    windows = [
        Window(page * PAGE, page * PAGE, PAGE, f"w{page}", source.choice(["rw", "r"]))
        for page in source.sample(range(32), 12)
    ]
    report = Report()
    merged = merge(windows, report)
    assert not report.found
    source.shuffle(windows)
    assert merge(windows, Report()) == merged
    assert pages_of(list(merged)) == pages_of(windows)
    runs = 0
    last: tuple[int, str] | None = None
    for window in sorted(windows, key=lambda w: w.gpa):
        runs += last != (window.gpa, window.access)
        last = (window.gpa + PAGE, window.access)
    assert len(merged) == runs


def test_the_same_page_with_two_attributes_is_a_conflict() -> None:
    windows = [Window(0, 0, 2 * PAGE, "a", "rw"), Window(PAGE, PAGE, PAGE, "b", "r")]
    report = Report()
    merge(windows, report)
    assert [found.code for found in report.errors] == ["E-passthrough-conflict"]
    assert "a" in report.errors[0].message and "b" in report.errors[0].message
