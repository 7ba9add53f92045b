# SPDX-License-Identifier: Apache-2.0
"""The formats that boards boot from."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from gen.diagnostics import Failure
from gen.tool import flash


@pytest.fixture
def firmware(tmp_path: Path) -> Path:
    path = tmp_path / "firmware.bin"
    path.write_bytes(bytes(range(256)) * 64)
    return path


def test_fit_says_address_and_hash(firmware: Path, tmp_path: Path) -> None:
    target = flash.fit(firmware, "aarch64", 0x1_4020_0000, 'A "board"', tmp_path)
    listing = subprocess.run(
        ["dumpimage", "-l", str(target)], capture_output=True, text=True, check=True
    ).stdout
    assert "0x140200000" in listing
    assert "AArch64" in listing
    assert "sha256" in listing


def test_fit_is_the_same_every_time(firmware: Path, tmp_path: Path) -> None:
    first = flash.fit(firmware, "aarch64", 0x40200000, "x", tmp_path).read_bytes()
    second = flash.fit(firmware, "aarch64", 0x40200000, "x", tmp_path).read_bytes()
    assert first == second


def test_flash_has_the_size_of_the_flash(firmware: Path, tmp_path: Path) -> None:
    data = flash.flash(firmware, 1 << 20, tmp_path).read_bytes()
    assert len(data) == 1 << 20
    assert data.startswith(firmware.read_bytes())


def test_flash_that_is_too_small(firmware: Path, tmp_path: Path) -> None:
    with pytest.raises(Failure):
        flash.flash(firmware, 1000, tmp_path)
