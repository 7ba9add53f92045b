# SPDX-License-Identifier: Apache-2.0
"""Every case of golden/ still makes the files that are kept of it."""

from __future__ import annotations

import difflib
from pathlib import Path

import golden
import pytest


@pytest.mark.parametrize("case", golden.cases())
def test_golden(case: str, tmp_path: Path) -> None:
    made, kept = golden.produce(case, tmp_path), golden.expected(case)
    assert made.keys() == kept.keys()
    for name in sorted(kept):
        if made[name] != kept[name]:
            difference = difflib.unified_diff(
                kept[name].splitlines(), made[name].splitlines(), "kept", "made", lineterm=""
            )
            pytest.fail(f"{case}/{name} (make golden rewrites)\n" + "\n".join(difference))


def test_there_are_cases() -> None:
    assert golden.cases()


def test_place_does_not_show(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "another-place").mkdir()
    case = golden.cases()[0]
    first = golden.produce(case, tmp_path / "a")
    assert first == golden.produce(case, tmp_path / "another-place")
