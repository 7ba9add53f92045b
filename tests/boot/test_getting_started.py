# SPDX-License-Identifier: Apache-2.0
"""docs/getting-started.md, followed to the letter in a copy of the repository."""

from __future__ import annotations

from pathlib import Path

from machine import ROOT
from pages import blocks, commands, copy_repository, follow

STEPS = blocks((ROOT / "docs/getting-started.md").read_text(encoding="utf-8"))


def test_every_step_does_what_the_page_says(tmp_path: Path) -> None:
    clone = tmp_path / "bulkhead"
    copy_repository(clone)
    follow(STEPS, clone)


def test_the_page_has_every_step() -> None:
    typed = [line for block in STEPS if block.language == "sh" for line in commands(block)]
    for option in ("--setup", "--new", "--run", "--check", "--report"):
        assert any(option in line for line in typed), option
    assert any(block.action == "fails" for block in STEPS)
