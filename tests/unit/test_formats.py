# SPDX-License-Identifier: Apache-2.0
"""Every conversion in the hypervisor's strings is one that platform/format.c knows."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("arch/aarch64", "platform", "vdev", "loader")
STRING = re.compile(r'"(?:[^"\\\n]|\\.)*"')
KNOWN = re.compile(r"%(?:%|[-0#]*[0-9]*l{0,2}[uxd]|-?[0-9]*c|-?[0-9]*(?:\.[0-9]+)?s)")


def unknown(text: str) -> list[str]:
    """The string literals in C source `text` with a conversion that is not known. Assembly has its
    own."""
    text = re.sub(r"__asm__\s*(?:volatile)?\s*\(.*?\);", "", text, flags=re.DOTALL)
    return [literal for literal in STRING.findall(text) if "%" in KNOWN.sub("", literal)]


def test_formats_are_known() -> None:
    strings = 0
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.[ch]")):
            text = path.read_text()
            strings += len(re.findall(r"\b(?:log_\w+|panic|format_text)\(", text))
            assert unknown(text) == [], path
    assert strings > 50


def test_an_unknown_one_is_found() -> None:
    assert unknown('log_info("%5zu of %u, %.3s", a, b, c);') == ['"%5zu of %u, %.3s"']
    assert unknown('log_info("%-5llu of %#x, %.3s, 100 %%", a, b, c);') == []
