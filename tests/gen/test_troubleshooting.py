# SPDX-License-Identifier: Apache-2.0
"""docs/troubleshooting.md shows messages as they are: those of the tool by their codes, those of the
log as test guests provoke them."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from gen.codes import CODES

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/troubleshooting.md").read_text()
GUEST = ROOT / "tests/guests/mistakes/deployment.toml"


def test_codes_exist() -> None:
    codes = set(re.findall(r"\[(E-[a-z-]+)\]", PAGE))
    assert len(codes) >= 8 and codes <= CODES.keys()


def test_what_the_log_says_of_mistakes_is_shown() -> None:
    entries = tomllib.loads(GUEST.read_text())["test"]["expect"]
    told = [entry.removeprefix("bulkhead: ") for entry in entries if entry.startswith("bulkhead:")]
    told = [text for text in told if "left out" not in text]
    assert len(told) >= 7
    assert [text for text in told if text not in PAGE] == []


def test_constant_parts_are_in_the_sources() -> None:
    """Every word of the log that the page quotes is in some format string."""
    sources = "".join(
        path.read_text()
        for room in ("vdev", "loader", "arch/aarch64", "platform")
        for path in sorted((ROOT / room).glob("*.c"))
    )
    sources = re.sub(r'"\s*"', "", sources)
    for constant in (
        "further such lines are left out for a while",
        "no device is there",
        "not a width or alignment of ",
        "pair, SIMD, atomic or writeback access where no memory is",
        "access that the memory there does not allow",
        "which no device of this VM raises",
        "has no owner on CPU",
        ": not granted",
        ", may ring ",
        "was refused: ",
        "its arguments are not in writable RAM of the VM",
        "the VM has no such channel in this role",
        "is not granted in this direction",
        "which this board does not have",
        "no memory where its exception vector should be",
        ": stays off",
    ):
        assert constant in PAGE and constant in sources, constant


def test_the_tool_says_what_it_waits_for() -> None:
    source = (ROOT / "gen/tool/qemu.py").read_text()
    for text in ("still running after", "these lines were not seen:"):
        assert text in PAGE and text in source
