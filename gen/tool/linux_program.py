# SPDX-License-Identifier: Apache-2.0
"""Small static programs for a Linux guest's initramfs, without a C library."""

from __future__ import annotations

import tempfile
from pathlib import Path

from gen.tool import toolchain
from gen.tool.process import run
from gen.tool.toolchain import relative

TARGET = {"arm64": "--target=aarch64-linux-gnu"}


def build(source: Path, architecture: str) -> bytes:
    """The ELF that one C file becomes; its first instruction is at _start."""
    with tempfile.TemporaryDirectory() as folder:
        object_, program = Path(folder, "program.o"), Path(folder, "program")
        command = [toolchain.CLANG, TARGET[architecture], *toolchain.CODE, "-std=gnu11"]
        command += ["-fno-stack-protector", *toolchain.WARNINGS, *toolchain.REPRODUCIBLE]
        run([*command, "-c", relative(source), "-o", str(object_)], f"compiling {source.name}")
        command = [toolchain.LLD, "-static", "--gc-sections", "--build-id=none", "-s"]
        command += ["-z", "max-page-size=4096", "-o", str(program), str(object_)]
        run(command, f"linking {source.name}")
        return program.read_bytes()
