# SPDX-License-Identifier: Apache-2.0
"""flash.img: the content of a flash at the reset address."""

from __future__ import annotations

from pathlib import Path

from gen.diagnostics import Exit, Failure

NAME = "flash.img"


def flash(firmware: Path, size: int, out: Path) -> Path:
    """flash.img: the image at the start, zeros behind it (a sparse file)."""
    data = firmware.read_bytes()
    if len(data) > size:
        raise Failure(
            Exit.BUILD, f"firmware.bin has {len(data)} bytes, more than the board's flash of {size}"
        )
    target, growing = out / NAME, out / f".{NAME}"
    with growing.open("wb") as stream:
        stream.write(data)
        stream.truncate(size)
    growing.replace(target)
    return target
