# SPDX-License-Identifier: Apache-2.0
"""Short ways (Kconfig FAST_PATHS) give a guest what the long ones do: random traces see the same
registers, values and exceptions with both."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from machine import ICOUNT, ROOT, Machine, build, board, by_kernel

GUEST = ROOT / "tests/guests/random"
sys.path[:0] = [str(GUEST), str(GUEST.parent)]

import raw_image  # noqa: E402
import steps  # noqa: E402

CONFIG = ROOT / "tests/boot/deployments/random.toml"
STEPS = 3000


def image(seed: int) -> Path:
    folder = ROOT / f"build/tests/random-{seed}"
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("start.S", "random.c"):
        shutil.copyfile(GUEST / name, folder / name)
    (folder / "trace.S").write_text(steps.source(seed, STEPS))
    raw_image.build(folder, folder / "guest.bin")
    return folder / "guest.bin"


def seen(seed: int, guest: Path, fast: bool) -> list[str]:
    """What the guest told, line by line."""
    options = ("--set", f"vars.image={guest}", "--set", f"build.FAST_PATHS={str(fast).lower()}")
    folder = build(CONFIG, f"random-{seed}-{'fast' if fast else 'long'}", *options)
    with Machine([*board(cpus=2), *by_kernel(folder), *ICOUNT]) as machine:
        machine.expect(r"random: done")
        return [line for line in machine.text.splitlines() if "random: " in line]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_same(seed: int) -> None:
    guest = image(seed)
    fast = seen(seed, guest, True)
    assert len(fast) > STEPS // 16
    assert fast == seen(seed, guest, False)
