# SPDX-License-Identifier: Apache-2.0
"""Makes raw images of guests that know nothing of Bulkhead: start.S and C, position independent,
without a runtime, linked by raw_image.ld."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve()
SCRIPT = HERE.with_suffix(".ld")
FLAGS = (
    *("--target=aarch64-none-elf", "-march=armv8-a", "-mgeneral-regs-only", "-mstrict-align"),
    *("-std=c11", "-O2", "-ffreestanding", "-fno-builtin", "-fpie", "-mcmodel=small"),
    *("-Wall", "-Wextra", "-Werror", "-I", str(HERE.parents[2])),
)


def build(folder: Path, output: Path) -> None:
    """All sources of `folder` to the raw image `output`, and to an ELF file beside it, whose
    symbols are offsets in the image. Files that hold the same already stay as they are: other tests
    may be building with them."""
    output.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=output.parent) as place:
        objects = []
        for source in sorted([*folder.glob("*.S"), *folder.glob("*.c")]):
            target = Path(place) / f"{source.name}.o"
            _run(["clang-14", *FLAGS, "-c", str(source), "-o", str(target)])
            objects.append(str(target))
        elf, raw = Path(place) / "image.elf", Path(place) / "image.bin"
        _run(["ld.lld-14", "-T", str(SCRIPT), *objects, "-o", str(elf)])
        _run(["llvm-objcopy-14", "-O", "binary", str(elf), str(raw)])
        for made, target in ((elf, output.with_suffix(".elf")), (raw, output)):
            if not target.exists() or target.read_bytes() != made.read_bytes():
                os.replace(made, target)


def main(folder: Path) -> None:
    """The command build.py of a guest's folder."""
    if len(sys.argv) != 2:
        sys.exit(f"usage: {sys.argv[0]} OUTPUT")
    build(folder, Path(sys.argv[1]))


def _run(command: list[str]) -> None:
    subprocess.run(command, check=True, timeout=60)
