# SPDX-License-Identifier: Apache-2.0
"""The libraries: what they hold, and that the hypervisor's needs no allocator, FP or SIMD."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from gen.tool import elf, newlib, toolchain
from gen.tool.library import Library
from gen.tool.paths import ROOT

C_PROGRAM = """\
#include <string.h>
unsigned long start(char *to, const char *from, unsigned long size);
unsigned long start(char *to, const char *from, unsigned long size)
{
    memset(memcpy(to, from, size) == to ? to : 0, 0, size);
    return strlen(memmove(to, from, size)) + (unsigned long)memcmp(to, from, size);
}
"""


def symbols(library: Library) -> set[str]:
    said = subprocess.run(
        [toolchain.NM, "--defined-only", "--format=just-symbols", str(library.archive)],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return set(said.split())


def link(folder: Path, flags: tuple[str, ...], library: Library) -> Path:
    source, target = folder / "program.c", folder / "program.elf"
    source.write_text(C_PROGRAM)
    include = ("-isystem", str(library.include))
    command = [toolchain.CLANG, *flags, *include, "-Werror", "-c", str(source)]
    subprocess.run([*command, "-o", str(folder / "program.o")], check=True, cwd=ROOT)
    command = [toolchain.LLD, "--gc-sections", "-e", "start", str(folder / "program.o")]
    subprocess.run([*command, str(library.archive), "-o", str(target)], check=True)
    return target


def test_hypervisor_links_without_allocator_and_floating_point(tmp_path: Path) -> None:
    flags = (*toolchain.TARGET["aarch64"], *toolchain.HYPERVISOR_ONLY["aarch64"], *toolchain.CODE)
    image = link(tmp_path, flags, newlib.library("aarch64", "hyp"))
    found = elf.symbols(image)
    assert {"memcpy", "memmove", "memset", "memcmp", "strlen"} <= found.keys()
    assert not {"malloc", "_malloc_r", "_sbrk", "sbrk", "free"} & found.keys()
    said = subprocess.run(
        ["llvm-objdump-14", "-d", "--no-show-raw-insn", str(image)],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert not re.findall(r"\s[vqds]\d+[.,\s]", said)


def test_unikernels_have_what_is_promised() -> None:
    found = symbols(newlib.library("aarch64", "guest"))
    promised = "printf snprintf sscanf malloc free realloc qsort bsearch setjmp longjmp memcpy"
    promised += " strtod strtok time gmtime strftime sin pow sqrt exp fmaf"
    assert set(promised.split()) <= found


def test_configurations_are_apart() -> None:
    config = newlib.CONFIG
    hypervisor, guest = (config / kind / "newlib.h" for kind in ("hyp", "guest"))
    assert hypervisor.read_text() != guest.read_text()
    assert newlib.library("aarch64", "hyp") != newlib.library("aarch64", "guest")
