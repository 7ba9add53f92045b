# SPDX-License-Identifier: Apache-2.0
"""What stands in for firmware in QEMU, for machines that come up at EL3 and have none: assembled for
the board, and handed over by -bios. It is no part of any image."""

from __future__ import annotations

from pathlib import Path

from gen.read.board import Board
from gen.tool import toolchain
from gen.tool.process import run
from gen.tool.toolchain import relative


def arguments(board: Board, image: Path, out: Path) -> tuple[str, ...]:
    """QEMU's arguments that start `image` by the board's stand-in, which is made in `out`; none where
    QEMU starts it by itself."""
    if board.qemu_firmware is None:
        return ()
    return (
        *("-bios", str(_build(board, board.qemu_firmware.source, out))),
        *("-device", _loader(image, board.image_base)),
        *("-device", _loader(board.tree, board.qemu_firmware.tree_base)),
    )


def _loader(file: Path, base: int) -> str:
    """A file to an address; QEMU takes a comma that is doubled."""
    name = str(file).replace(",", ",,")
    return f"loader,file={name},addr={base:#x},force-raw=on"


def _build(board: Board, source: Path, out: Path) -> Path:
    assert board.qemu_firmware is not None
    parts = [out / f"qemu-firmware.{suffix}" for suffix in ("o", "elf", "bin")]
    made, linked, raw = map(relative, parts)
    facts = {
        "image_base": board.image_base,
        "tree_base": board.qemu_firmware.tree_base,
        "cpu_count": len(board.cpus),
    }
    symbols = [f"--defsym={name}={value:#x}" for name, value in facts.items()]
    what = f"assembling {source.name}"
    target = toolchain.TARGET[board.arch]
    run([toolchain.CLANG, *target, "-c", "-o", made, relative(source)], what)
    run([toolchain.LLD, "-Ttext=0", *symbols, "-o", linked, made], what)
    run([toolchain.OBJCOPY, "-O", "binary", linked, raw], what)
    return parts[-1]
