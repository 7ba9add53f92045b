# SPDX-License-Identifier: Apache-2.0
"""The stacks are large enough, with a quarter to spare, for whatever calls come together."""

from __future__ import annotations

from pathlib import Path

import pytest

from machine import ROOT, build
from stack_depth import Function, addresses_held, depth, functions

STACK_SIZE = 4096  # Kconfig's default, and the emergency stack of world.S
ENTRIES = {"boot_entry", "secondary_entry", "image_start", "moved", "copy_rest", "aarch64_vectors"}
CONFIGS = {
    "board": ("configs/board.toml",),
    "trace": ("configs/board.toml", "--set", "build.TRACE=true"),
    "direct": ("tests/guests/direct/deployment.toml",),
    "monitor": ("tests/guests/monitor/deployment.toml",),
}


def image(name: str) -> Path:
    config, *options = CONFIGS[name]
    return build(ROOT / config, f"stack-{name}", *options)


@pytest.mark.parametrize("name", CONFIGS)
def test_depth(name: str) -> None:
    folder = image(name)
    found = functions(folder / "firmware.elf")
    held = addresses_held(folder / "firmware.elf", folder / "firmware.bin") - ENTRIES
    assert held
    for root in ("boot_entry", "secondary_entry", "aarch64_own_exception"):
        size, calls = depth(found, held, root)
        assert 512 < size <= STACK_SIZE * 3 // 4, " > ".join(calls)


def test_frames_add_up() -> None:
    found = {
        "a": Function(16, {"b", "c"}),
        "b": Function(32, set(), indirect=True),
        "c": Function(64),
        "d": Function(128, {"a"}),
    }
    assert depth(found, {"d"}, "a") == (16 + 32 + 128, ["a 16", "b 32", "d 128"])
