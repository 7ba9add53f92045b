# SPDX-License-Identifier: Apache-2.0
"""The record by which an image tells what it was made from."""

from __future__ import annotations

import ast
import re
from dataclasses import replace

import plans

from gen.emit.build_info import build_info_source, find_build_info, info_of

TOOLS = {"cc": "cc 1", 'ld "best"': "ld 2"}


def record(hash_: str) -> bytes:
    """As it stands in an image made from inputs with this hash."""
    source = build_info_source(replace(plans.two_vms(), hash=hash_), TOOLS)
    literal = re.search(r"build_info\[\] = (.*);", source)
    assert literal is not None
    return ast.literal_eval(f"b{literal[1]}") + b"\0"


def test_a_record_is_found_again() -> None:
    info = info_of(replace(plans.two_vms(), hash="ab"), TOOLS)
    assert info.vms == ("left", "right-hand") and info.tools == TOOLS
    assert find_build_info(b"\x7fELF" + record("ab") + b"more") == [info]


def test_every_image_of_a_file_is_told_once() -> None:
    data = record("aa") + bytes(5) + record("bb") + record("aa")
    assert [info.hash for info in find_build_info(data)] == ["aa", "bb"]


def test_what_is_no_record_is_passed_over() -> None:
    good = record("cc")
    for bad in (good[:60], good.replace(b'"hash"', b'"hush"'), good.replace(b"{", b"[")):
        assert [info.hash for info in find_build_info(bad + b"\0" + good)] == ["cc"]
    assert find_build_info(b"bulkhead") == []
