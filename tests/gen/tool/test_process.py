# SPDX-License-Identifier: Apache-2.0
"""Other programs, and folders that are made once."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from gen.diagnostics import Exit, Failure
from gen.tool import cache, process


def test_missing_program_is_one_line_with_a_cure() -> None:
    with pytest.raises(Failure) as caught:
        process.run(["no-such-program"], "trying")
    assert caught.value.status == Exit.MISSING
    assert caught.value.message == "no-such-program is missing; run: ./build.py --setup"


def test_failed_program_is_quoted() -> None:
    with pytest.raises(Failure) as caught:
        process.run(["sh", "-c", "echo bad >&2; exit 1"], "trying")
    assert caught.value.status == Exit.BUILD
    assert caught.value.message == "trying failed:\nbad"


def test_parallel_keeps_order() -> None:
    def slow_first(number: int) -> int:
        time.sleep(0.05 if number == 0 else 0)
        return number * number

    assert process.parallel(slow_first, range(5), 3) == [0, 1, 4, 9, 16]


def test_parallel_stops_after_a_failure() -> None:
    begun: list[int] = []

    def work(number: int) -> None:
        begun.append(number)
        if number == 0:
            raise Failure(Exit.BUILD, "first")
        time.sleep(0.05)

    with pytest.raises(Failure) as caught:
        process.parallel(work, range(50), 2)
    assert caught.value.message == "first"
    assert len(begun) < 50


def test_end_all_ends_children() -> None:
    threading.Timer(0.2, process.end_all).start()
    begun = time.monotonic()
    assert process.capture(["sleep", "60"]).status != 0
    assert time.monotonic() - begun < 20


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setattr(cache, "CACHE", tmp_path)
    return tmp_path


def test_made_once_for_a_key(place: Path) -> None:
    calls: list[Path] = []

    def make(folder: Path) -> None:
        calls.append(folder)
        (folder / "x").write_text("1")

    first = cache.made("thing", "a" * 64, make)
    assert cache.made("thing", "a" * 64, make) == first
    assert len(calls) == 1 and (first / "x").exists()


def test_half_made_is_not_seen(place: Path) -> None:
    def fail(folder: Path) -> None:
        (folder / "x").write_text("half")
        raise Failure(Exit.BUILD, "no")

    with pytest.raises(Failure):
        cache.made("thing", "b" * 64, fail)
    assert [path.name for path in place.iterdir()] == [".thing.lock"]


def test_older_ones_go(place: Path) -> None:
    old = cache.made("thing", "c" * 64, lambda folder: None)
    other = cache.made("thing-else", "c" * 64, lambda folder: None)
    new = cache.made("thing", "d" * 64, lambda folder: None)
    assert not old.exists() and new.exists() and other.exists()
