# SPDX-License-Identifier: Apache-2.0
"""docs/porting.md, followed to the letter in a copy of the repository: a board outside of it."""

from __future__ import annotations

from pathlib import Path

from machine import ROOT
from followed_page import blocks, copy_repository, follow

STEPS = blocks((ROOT / "docs/porting.md").read_text(encoding="utf-8"))


def test_every_step_does_what_the_page_says(tmp_path: Path) -> None:
    clone = tmp_path / "bulkhead"
    copy_repository(clone)
    follow(STEPS, clone)
    assert (tmp_path / "product/boards/mine/board.dtb").is_file()
    assert not (clone / "platform/mine").exists()


def test_the_page_has_every_step() -> None:
    typed = "".join(block.text for block in STEPS if block.language == "sh")
    for word in ("dumpdtb=", "--devices", "--new", "--check", "--run"):
        assert word in typed, word
    assert [block.argument for block in STEPS if block.action == "fails"] == ["1", "6", "6"]
