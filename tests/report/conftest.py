# SPDX-License-Identifier: Apache-2.0
"""One browser for all tests of a process, and each page made once."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import browser as browsers  # noqa: E402
import pages  # noqa: E402


@pytest.fixture(scope="session")
def browser() -> Iterator[browsers.Browser]:
    one = browsers.Browser()
    yield one
    one.close()


@pytest.fixture(scope="session", params=pages.names())
def page(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    name: str = request.param
    return pages.make(name, tmp_path_factory.mktemp(name))


@pytest.fixture(scope="session")
def board(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return pages.make("board", tmp_path_factory.mktemp("board"))
