# SPDX-License-Identifier: Apache-2.0
"""What an image tells of its own making: build_info.c, whose record can be found again in any file
that holds the image. Alone in its file: it changes with every input, and nothing else must be
compiled for that."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from mmap import mmap
from typing import Any

from gen.emit import c
from gen.plan.model import Plan

FILE = "build_info.c"
_MAGIC = "bulkhead-build-info-1:"  # in front of the record, which is JSON and ends with a zero byte
_LONGEST = 1 << 16


@dataclass(frozen=True)
class BuildInfo:
    deployment: str
    board: str
    variant: str | None
    hash: str  # of all inputs, hexadecimal
    vms: tuple[str, ...]
    tools: Mapping[str, str]  # tool name -> its version line


def info_of(plan: Plan, tools: Mapping[str, str]) -> BuildInfo:
    names = tuple(vm.vm.name for vm in plan.vms)
    board = plan.board
    return BuildInfo(plan.deployment.name, board.name, board.variant, plan.hash, names, dict(tools))


def build_info_source(plan: Plan, tools: Mapping[str, str]) -> str:
    info = info_of(plan, tools)
    record = _MAGIC + json.dumps(asdict(info), sort_keys=True, separators=(",", ":"))
    lines = ["/* SPDX-License-Identifier: Apache-2.0 */", c.NOTICE, "", '#include "gen/rows.h"', ""]
    for name, text in (
        ("build_info", record),
        ("build_tools", ", ".join(info.tools.values())),
        ("deployment_hash", info.hash),
    ):
        lines.append(f"const char {name}[] = {c.string(text)};")
    return "\n".join([*lines, ""])


def find_build_info(data: bytes | mmap) -> list[BuildInfo]:
    """The records in a file that holds images, in its order, each told once."""
    magic = _MAGIC.encode()
    found: list[BuildInfo] = []
    at = data.find(magic)
    while at >= 0:
        start = at + len(magic)
        info = _parse(data[start : start + _LONGEST].partition(b"\0")[0])
        if info is not None and info not in found:
            found.append(info)
        at = data.find(magic, start)
    return found


def _parse(text: bytes) -> BuildInfo | None:
    """None: damaged, or of another kind."""
    try:
        record: dict[str, Any] = json.loads(text)
        record["vms"] = tuple(record["vms"])
        return BuildInfo(**record)
    except (ValueError, TypeError, KeyError):
        return None
