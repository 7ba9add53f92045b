# SPDX-License-Identifier: Apache-2.0
"""The compiler's name and flags: one place for the hypervisor, its libraries and unikernels."""

from __future__ import annotations

import functools
from pathlib import Path

from gen.tool.paths import ROOT
from gen.tool.process import run

CLANG = "clang-14"
LLD = "ld.lld-14"
AR = "llvm-ar-14"
NM = "llvm-nm-14"
OBJCOPY = "llvm-objcopy-14"

# Code for one architecture, wherever it runs.
TARGET = {
    "aarch64": (
        "--target=aarch64-none-elf",
        "-march=armv8-a",
        "-mno-outline-atomics",
        "-mfix-cortex-a53-835769",
    ),
}
# The hypervisor leaves FP and SIMD registers to the guest...
NO_FP = {"aarch64": ("-mgeneral-regs-only",)}
# ...and may run with its MMU off; x18 is nobody's, so that short ways out of a guest need not save it
# (arch/aarch64/fast.S).
HYPERVISOR_ONLY = {
    "aarch64": (*NO_FP["aarch64"], "-mstrict-align", "-fomit-frame-pointer", "-ffixed-x18")
}
CODE = (
    "-O2",
    "-ffreestanding",
    "-fno-pic",
    "-ffunction-sections",
    "-fdata-sections",
    "-nostdlibinc",
)
# With link-time optimization the linker inlines only what has one caller or makes code smaller:
# what it would gain beyond that costs a quarter more code (docs/design.md). It emits code of two
# halves at a time, and of debug information lines alone: of variables little would be left.
FOR_LINK_TIME = ("-flto", "-gline-tables-only")
LINK_TIME = (
    *("-mllvm", "-inline-threshold=5", "-mllvm", "--stack-size-section"),
    *("--lto-partitions=2", "--disable-verify"),
)
# The same bytes in whatever directory the repository lies.
REPRODUCIBLE = (f"-ffile-prefix-map={ROOT}=.", "-fdebug-compilation-dir=.")
WARNINGS = (
    "-Wall",
    "-Wextra",
    "-Wconversion",
    "-Wsign-conversion",
    "-Wshadow",
    "-Wvla",
    "-Wstrict-prototypes",
    "-Wmissing-prototypes",
    "-Wmissing-variable-declarations",
    "-Wundef",
    "-Wimplicit-fallthrough",
    "-Wswitch-enum",
    "-Wcast-qual",
    "-Wpointer-arith",
    "-Werror",
)


@functools.cache
def version() -> str:
    """The compiler's version line, part of every key that names compiled code."""
    return run([CLANG, "--version"], CLANG).decode().splitlines()[0]


@functools.cache
def versions() -> dict[str, str]:
    """Version lines of all that decides what is in an image, by the tool's name."""
    lld = run([LLD, "--version"], LLD).decode().splitlines()[0]
    return {CLANG: version(), LLD: lld.partition(" (")[0]}


def relative(path: Path) -> str:
    """`path` as tools are given it: relative to the root they run in, where it lies inside."""
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)
