# SPDX-License-Identifier: Apache-2.0
"""One image that is built once, and audits of changed copies."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))
sys.path.append(str(Path(__file__).parent))

from gen.audit.audit import audit  # noqa: E402
from gen.audit.image import Firmware  # noqa: E402

from attempts import DEPLOYMENT, Try, built, failed, source  # noqa: E402
from mutant import Mutant  # noqa: E402


@pytest.fixture(scope="session")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The firmware.elf of deployment.toml."""
    return built(DEPLOYMENT, tmp_path_factory.mktemp("audited"))


@pytest.fixture(scope="session")
def firmware(good: Path) -> Firmware:
    return Firmware(good)


@pytest.fixture
def alone(firmware: Firmware, tmp_path: Path) -> Try:
    """Codes that fail for a changed image of which nothing else is known."""

    def attempt(change: Callable[[Mutant], None]) -> set[str]:
        mutant = Mutant(firmware, tmp_path / "mutant.elf")
        change(mutant)
        return failed(audit(mutant.save(), None))

    return attempt


@pytest.fixture
def against(firmware: Firmware, tmp_path: Path) -> Try:
    """Codes that fail for a changed image against its deployment."""

    def attempt(change: Callable[[Mutant], None]) -> set[str]:
        mutant = Mutant(firmware, tmp_path / "mutant.elf")
        change(mutant)
        return failed(audit(mutant.save(), source()))

    return attempt
