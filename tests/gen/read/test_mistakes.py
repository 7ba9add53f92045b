# SPDX-License-Identifier: Apache-2.0
"""The common mistakes of docs/errors.md: each is shown by what the page says, and has a cure. That the
bad deployments give these errors, and nothing else, is tested for all of them: test_read_bad.py and
tests/gen/plan/test_plan_bad.py, which also want a cure with every error."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from gen.codes import CODES
from gen.mistakes import MISTAKES, Mistake

ROOT = Path(__file__).parents[3]
ALL = [mistake for _, mistakes in MISTAKES for mistake in mistakes]


def test_there_are_thirty() -> None:
    assert len(ALL) >= 30
    assert len({mistake.what for mistake in ALL}) == len(ALL)
    assert len({mistake.shown for mistake in ALL}) == len(ALL)


@pytest.mark.parametrize("mistake", ALL, ids=[mistake.what for mistake in ALL])
def test_it_is_shown(mistake: Mistake) -> None:
    name, _, test = mistake.shown.partition("::")
    text = (ROOT / name).read_text(encoding="utf-8")
    if name.endswith(".toml"):
        assert text.startswith(f"# expect: {mistake.told}: ")
        assert CODES[mistake.told].cure
    else:
        tests = [node.name for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)]
        assert test in tests if test else any(one.startswith("test_") for one in tests)
        assert mistake.told in CODES or "`" in mistake.told
