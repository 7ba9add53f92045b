#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Builds the guest for a VM as its engineer would, from what was exported of it:
tests/boot/elsewhere/build.py EXPORTED OUTPUT makes OUTPUT.elf and OUTPUT.bin."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
COMPILE = (
    *("clang-14", "--target=aarch64-none-elf", "-std=c11", "-g", "-O1", "-ffreestanding"),
    *("-mgeneral-regs-only", "-mstrict-align", "-fno-pic", "-Wall", "-Wextra", "-Werror"),
)


def build(exported: Path, output: Path) -> None:
    elf, objects = output.with_suffix(".elf"), []
    for source in ("start.S", "main.c"):
        objects.append(f"{output}-{source}.o")
        run(*COMPILE, "-I", str(exported), "-c", str(HERE / source), "-o", objects[-1])
    script = ("-T", str(HERE / "link.ld"), "-L", str(exported))
    run("ld.lld-14", "-z", "max-page-size=4096", *script, "-o", str(elf), *objects)
    run("llvm-objcopy-14", "-O", "binary", str(elf), str(output.with_suffix(".bin")))


def run(*command: str) -> None:
    subprocess.run(command, check=True, timeout=60)


if __name__ == "__main__":
    build(Path(sys.argv[1]), Path(sys.argv[2]))
