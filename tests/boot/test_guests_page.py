# SPDX-License-Identifier: Apache-2.0
"""docs/guests.md, followed to the letter in a copy of the repository."""

from __future__ import annotations

from pathlib import Path

from machine import ROOT
from followed_page import blocks, commands, copy_repository, follow

STEPS = blocks((ROOT / "docs/guests.md").read_text(encoding="utf-8"))


def test_every_step_does_what_the_page_says(tmp_path: Path) -> None:
    clone = tmp_path / "bulkhead"
    copy_repository(clone)
    follow(STEPS, clone)


def test_the_page_has_every_kind_of_guest() -> None:
    typed = [line for block in STEPS if block.language == "sh" for line in commands(block)]
    for words in ("--export-guests", "--gdb", "rtos.bin", "app.elf", "u-boot.toml", "linux.toml"):
        assert any(words in line for line in typed), words
