# SPDX-License-Identifier: Apache-2.0
"""Tests import the generator as `gen`, from wherever pytest is started. Device trees of boards that
are fetched are there before the first test: fetched once, then cached."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))


@pytest.fixture(scope="session", autouse=True)
def fetched_trees() -> None:
    from gen.tool import fetch
    from gen.tool.paths import FETCH

    fetch.ensure([FETCH / "debian-dtbs/all"], offline=False)
