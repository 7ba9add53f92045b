# SPDX-License-Identifier: Apache-2.0
"""--info: what a file that holds an image was made from."""

from __future__ import annotations

import mmap
from dataclasses import asdict
from pathlib import Path

from gen.diagnostics import Exit, Failure
from gen.emit.build_info import BuildInfo, find_build_info
from gen.tool.paths import shown
from gen.tool.terminal import Terminal


def tell(file: Path, say: Terminal) -> None:
    found = read(file)
    if not found:
        raise Failure(
            Exit.USAGE,
            f"{shown(file)} holds no image of this tool, or a compressed one: give firmware.bin or "
            "another file that a build wrote",
        )
    say.say("\n".join(map(text, found)))
    say.put("images", [asdict(info) for info in found])


def read(file: Path) -> list[BuildInfo]:
    """What the images in `file` say."""
    try:
        with file.open("rb") as stream:
            if not stream.seek(0, 2):
                return []
            with mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
                return find_build_info(data)
    except OSError as error:
        raise Failure(Exit.MISSING, f"{shown(file)}: {error.strerror}") from None


def text(info: BuildInfo) -> str:
    variant = f", variant {info.variant}" if info.variant is not None else ""
    return "\n".join(
        (
            f"deployment  {info.deployment}",
            f"board       {info.board}{variant}",
            f"VMs         {', '.join(info.vms)}",
            f"inputs      {info.hash}",
            f"built with  {', '.join(info.tools.values())}",
        )
    )
