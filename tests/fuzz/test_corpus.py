# SPDX-License-Identifier: Apache-2.0
"""The committed inputs of the fuzzers, among them those that once broke something."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from fuzz import READERS, replay, targets  # noqa: E402


@pytest.mark.parametrize("target", [*targets(), *READERS])
def test_corpus(target: str) -> None:
    assert replay(target)
