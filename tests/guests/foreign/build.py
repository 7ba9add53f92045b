#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the raw image of the foreign guest: tests/guests/foreign/build.py OUTPUT"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
FLAGS = (
    *("--target=aarch64-none-elf", "-march=armv8-a", "-mgeneral-regs-only", "-mstrict-align"),
    *("-std=c11", "-O2", "-ffreestanding", "-fno-builtin", "-fpie", "-mcmodel=small"),
    *("-Wall", "-Wextra", "-Werror"),
)


def build(output: Path) -> None:
    """Compiles, links and strips the headers off."""
    output.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as place:
        objects = []
        for source in ("start.S", "foreign.c"):
            target = Path(place) / f"{source}.o"
            run(["clang-14", *FLAGS, "-c", str(HERE / source), "-o", str(target)])
            objects.append(str(target))
        elf = str(Path(place) / "foreign.elf")
        script = str(HERE / "foreign.ld")
        run(["ld.lld-14", "-T", script, *objects, "-o", elf])
        run(["llvm-objcopy-14", "-O", "binary", elf, str(output)])


def run(command: list[str]) -> None:
    subprocess.run(command, check=True, timeout=60)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    build(Path(sys.argv[1]))
