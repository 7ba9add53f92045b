# SPDX-License-Identifier: Apache-2.0
"""flash.img."""

from __future__ import annotations

from pathlib import Path

import pytest

from gen.diagnostics import Failure
from gen.tool import flash


@pytest.fixture
def firmware(tmp_path: Path) -> Path:
    path = tmp_path / "firmware.bin"
    path.write_bytes(bytes(range(256)) * 64)
    return path


def test_flash_has_the_size_of_the_flash(firmware: Path, tmp_path: Path) -> None:
    data = flash.flash(firmware, 1 << 20, tmp_path).read_bytes()
    assert len(data) == 1 << 20
    assert data.startswith(firmware.read_bytes())


def test_flash_that_is_too_small(firmware: Path, tmp_path: Path) -> None:
    with pytest.raises(Failure):
        flash.flash(firmware, 1000, tmp_path)
