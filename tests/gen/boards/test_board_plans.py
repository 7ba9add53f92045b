# SPDX-License-Identifier: Apache-2.0
"""Planning for boards, real ones from the device trees that Debian's kernel comes with."""

from __future__ import annotations

import board_plans
import pytest

BOARDS = ("imx8mm", "rk3399", "rpi4", "zcu102")


@pytest.mark.parametrize("case", board_plans.cases())
def test_plan_is_the_kept_one(case: str) -> None:
    made = board_plans.produce(case)
    assert made.splitlines() == board_plans.kept(case).splitlines(), "make golden rewrites"


@pytest.mark.parametrize("board", BOARDS)
def test_each_board_has_a_plan_and_a_refusal(board: str) -> None:
    texts = [board_plans.kept(case) for case in board_plans.cases() if case.startswith(board)]
    assert any("\nVM " in text or text.startswith("VM ") for text in texts)
    assert board == "zcu102" or any(text.startswith("E-") for text in texts)


def test_kept_files_have_a_case() -> None:
    assert sorted(p.stem for p in board_plans.KEPT.glob("*.txt")) == board_plans.cases()
